// A step of Adam or AdamW in one pass, for float tensors on CPUs.
//
//   m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;  w = w - lr m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps)
//
// Kingma and Ba 2015 (arXiv:1412.6980), algorithm 1; Loshchilov and Hutter 2019 (arXiv:1711.05101) shrink w by 1 - lr decay first.
// Operator by operator every tensor is read and written about ten times, and for embeddings of words that is most of a step.
#include "kdtorch.h"
#include "multiversion.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>

namespace kd {
namespace {

struct Step {
  float beta1, beta2, rest1, rest2;  // rest = 1 - beta
  float rate;                        // lr / (1 - beta1^t)
  float root;                        // sqrt(1 - beta2^t)
  float eps;
  float shrink;   // factor on the weights before the step: AdamW's decay
  float penalty;  // weights times this are added to the gradient: Adam's
};

KD_MULTIVERSION void update(float* __restrict w, const float* __restrict gradient, float* __restrict m, float* __restrict v, int64_t count,
                            Step step) {
  for (int64_t i = 0; i < count; ++i) {
    const float g = gradient[i] + step.penalty * w[i];
    m[i] = step.beta1 * m[i] + step.rest1 * g;
    v[i] = step.beta2 * v[i] + step.rest2 * g * g;
    w[i] = w[i] * step.shrink - step.rate * (m[i] / (std::sqrt(v[i]) / step.root + step.eps));
  }
}

// Element i of each is the same place.
bool serves(const at::Tensor& weights, const at::Tensor& other) {
  return other.is_cpu() && other.scalar_type() == at::kFloat && other.layout() == at::kStrided && other.is_non_overlapping_and_dense() &&
         other.sizes() == weights.sizes() && other.strides() == weights.strides();
}

}  // namespace

// Whether the kernel serves a parameter; where not, the caller goes the plain way.
KD_API int32_t kd_adam_fits(TensorHandle weights_handle, TensorHandle gradient_handle, TensorHandle first_handle, TensorHandle second_handle) {
  auto weights = borrow(weights_handle);
  return serves(weights, weights) && serves(weights, borrow(gradient_handle)) && serves(weights, borrow(first_handle)) &&
         serves(weights, borrow(second_handle));
}

// The step number `t` counts from 1.
KD_API const char* kd_adam(TensorHandle weights_handle, TensorHandle gradient_handle, TensorHandle first_handle, TensorHandle second_handle,
                           int64_t t, double rate, double beta1, double beta2, double eps, double shrink, double penalty) {
  return guarded([&] {
    auto weights = borrow(weights_handle), gradient = borrow(gradient_handle), first = borrow(first_handle), second = borrow(second_handle);
    adopt_numeric_modes();
    const double steps = static_cast<double>(t);
    const Step step{static_cast<float>(beta1), static_cast<float>(beta2), static_cast<float>(1 - beta1), static_cast<float>(1 - beta2),
                    static_cast<float>(rate / (1 - std::pow(beta1, steps))), static_cast<float>(std::sqrt(1 - std::pow(beta2, steps))),
                    static_cast<float>(eps), static_cast<float>(shrink), static_cast<float>(penalty)};
    float *w = weights.data_ptr<float>(), *m = first.data_ptr<float>(), *v = second.data_ptr<float>();
    const float* g = gradient.data_ptr<float>();
    at::parallel_for(0, weights.numel(), 32768, [&](int64_t begin, int64_t end) {
      update(w + begin, g + begin, m + begin, v + begin, end - begin, step);
    });
    // Graphs that were recorded before the step have to notice.
    for (auto* changed : {&weights, &first, &second}) changed->unsafeGetTensorImpl()->bump_version();
  });
}

}  // namespace kd
