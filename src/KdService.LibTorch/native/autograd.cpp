// Automatic differentiation: modes, gradients, backward.
#include "kdtorch.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/anomaly_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>

#include <vector>

namespace kd {
namespace {

std::vector<at::Tensor> borrow_all(const TensorHandle* handles, int32_t count) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(count);
  for (int32_t i = 0; i < count; ++i) tensors.push_back(borrow(handles[i]));
  return tensors;
}

}  // namespace

KD_API int32_t kd_grad_enabled() { return c10::GradMode::is_enabled(); }
KD_API void kd_set_grad_enabled(int32_t enabled) { c10::GradMode::set_enabled(enabled != 0); }

KD_API int32_t kd_inference_enabled() { return c10::InferenceMode::is_enabled(); }
KD_API void* kd_inference_enter(int32_t enabled) { return new c10::InferenceMode(enabled != 0); }
KD_API void kd_inference_leave(void* guard) { delete static_cast<c10::InferenceMode*>(guard); }

KD_API int32_t kd_anomaly_enabled() { return torch::autograd::AnomalyMode::is_enabled(); }
KD_API int32_t kd_anomaly_checks_nan() { return torch::autograd::AnomalyMode::should_check_nan(); }
KD_API void kd_set_anomaly(int32_t enabled, int32_t check_nan) {
  torch::autograd::AnomalyMode::set_enabled(enabled != 0, check_nan != 0);
}

KD_API int32_t kd_tensor_requires_grad(TensorHandle handle) { return borrow(handle).requires_grad(); }
KD_API const char* kd_tensor_set_requires_grad(TensorHandle handle, int32_t requires_grad) {
  return guarded([&] { borrow(handle).set_requires_grad(requires_grad != 0); });
}
KD_API int32_t kd_tensor_is_leaf(TensorHandle handle) { return borrow(handle).is_leaf(); }
KD_API const char* kd_tensor_retain_grad(TensorHandle handle) {
  return guarded([&] { borrow(handle).retain_grad(); });
}

KD_API TensorHandle kd_tensor_grad(TensorHandle handle) { return release(borrow(handle).grad()); }
KD_API const char* kd_tensor_set_grad(TensorHandle handle, TensorHandle grad) {
  return guarded([&] { borrow(handle).mutable_grad() = borrow(grad); });
}

KD_API const char* kd_backward(const TensorHandle* tensors, int32_t tensor_count, const TensorHandle* gradients, int32_t gradient_count,
                               int32_t retain_graph, int32_t create_graph, const TensorHandle* inputs, int32_t input_count) {
  return guarded([&] {
    adopt_numeric_modes();
    torch::autograd::backward(borrow_all(tensors, tensor_count), borrow_all(gradients, gradient_count), retain_graph != 0,
                              create_graph != 0, borrow_all(inputs, input_count));
  });
}

// Writes one handle an input to `results`; null for an unused input where that is allowed.
KD_API const char* kd_grad(const TensorHandle* outputs, int32_t output_count, const TensorHandle* inputs, int32_t input_count,
                           const TensorHandle* gradients, int32_t gradient_count, int32_t retain_graph, int32_t create_graph,
                           int32_t allow_unused, TensorHandle* results) {
  return guarded([&] {
    adopt_numeric_modes();
    auto found = torch::autograd::grad(borrow_all(outputs, output_count), borrow_all(inputs, input_count),
                                       borrow_all(gradients, gradient_count), retain_graph != 0, create_graph != 0, allow_unused != 0);
    for (int32_t i = 0; i < input_count; ++i) results[i] = release(std::move(found[i]));
  });
}

}  // namespace kd
