// Batch normalisation, an optional addition and ReLU in one pass, for training on CPUs with channels-last float tensors.
//
//   y = relu((x - mean) * invstd * weight + bias [+ residual])
//
// Ioffe and Szegedy 2015 (arXiv:1502.03167), algorithm 1; the residual form is the end of a block of He et al. 2015
// (arXiv:1512.03385). Apart, the three operators read and write the activations five times forward and eight times
// backward; here it is two and one forward (the statistics need a pass of their own), and four and one backward.
//
// Sums run over chunks of rows whose number depends on the shape alone, and are joined in order in double precision, so the
// results do not depend on the number of threads.
#include "kdtorch.h"
#include "multiversion.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/ivalue.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace kd {
namespace {

constexpr int64_t kLanes = 16;
typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float))));

// One row of a channels-last tensor is the `channels` numbers of one pixel.
int64_t rows_per_chunk(int64_t channels) { return std::max<int64_t>(16, 8192 / channels); }

template <class T>
KD_INLINE T load(const float* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}
template <class T>
KD_INLINE void store(float* to, T value) {
  std::memcpy(to, &value, sizeof(T));
}

// Not max(x, 0): a NaN has to come through, or a diverged run would look healthy.
KD_INLINE Lanes relu(Lanes x) { return x < 0.0f ? Lanes{} : x; }
KD_INLINE float relu(float x) { return x < 0.0f ? 0.0f : x; }
KD_INLINE Lanes where_positive(Lanes y, Lanes x) { return y <= 0.0f ? Lanes{} : x; }
KD_INLINE float where_positive(float y, float x) { return y <= 0.0f ? 0.0f : x; }

template <class T>
KD_INLINE T normalize(T x, T mean, T scale, T bias) {
  return (x - mean) * scale + bias;
}

// Calls body(T{}, first channel) for vectors of channels and then for the single ones that are left.
template <class Body>
KD_INLINE void for_channels(int64_t channels, Body body) {
  int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) body(Lanes{}, c);
  for (; c < channels; ++c) body(0.0f, c);
}

// Mean and sum of squared deviations from it, of each channel over the rows of one chunk.
KD_MULTIVERSION void chunk_moments(const float* x, int64_t rows, int64_t channels, float* mean, float* deviation) {
  for_channels(channels, [&](auto zero, int64_t c) __attribute__((always_inline)) {
    using T = decltype(zero);
    T sums[4] = {zero, zero, zero, zero};
    int64_t r = 0;
    for (; r + 4 <= rows; r += 4)
      for (int k = 0; k < 4; ++k) sums[k] += load<T>(x + (r + k) * channels + c);
    for (; r < rows; ++r) sums[0] += load<T>(x + r * channels + c);
    const T center = ((sums[0] + sums[1]) + (sums[2] + sums[3])) / static_cast<float>(rows);

    T squares[4] = {zero, zero, zero, zero};
    for (r = 0; r + 4 <= rows; r += 4)
      for (int k = 0; k < 4; ++k) {
        const T d = load<T>(x + (r + k) * channels + c) - center;
        squares[k] += d * d;
      }
    for (; r < rows; ++r) {
      const T d = load<T>(x + r * channels + c) - center;
      squares[0] += d * d;
    }
    store<T>(mean + c, center);
    store<T>(deviation + c, (squares[0] + squares[1]) + (squares[2] + squares[3]));
  });
}

KD_MULTIVERSION void chunk_forward(const float* x, const float* residual, int64_t rows, int64_t channels, const float* mean,
                                   const float* scale, const float* bias, float* y) {
  for_channels(channels, [&](auto zero, int64_t c) __attribute__((always_inline)) {
    using T = decltype(zero);
    const T m = load<T>(mean + c), s = load<T>(scale + c), b = load<T>(bias + c);
    if (residual == nullptr) {
      for (int64_t r = 0; r < rows; ++r) {
        const int64_t at = r * channels + c;
        store<T>(y + at, relu(normalize<T>(load<T>(x + at), m, s, b)));
      }
    } else {
      for (int64_t r = 0; r < rows; ++r) {
        const int64_t at = r * channels + c;
        store<T>(y + at, relu(normalize<T>(load<T>(x + at), m, s, b) + load<T>(residual + at)));
      }
    }
  });
}

// Per channel over one chunk, g being the gradient behind the ReLU: sum of g, and sum of g * (x - mean).
// Writes g to `masked` where that is asked for: it is the residual's gradient.
KD_MULTIVERSION void chunk_gradient_sums(const float* grad, const float* y, const float* x, int64_t rows, int64_t channels,
                                         const float* mean, float* masked, float* sum, float* product) {
  for_channels(channels, [&](auto zero, int64_t c) __attribute__((always_inline)) {
    using T = decltype(zero);
    const T m = load<T>(mean + c);
    T sums[2] = {zero, zero}, products[2] = {zero, zero};
    auto row = [&](int64_t r, int k) __attribute__((always_inline)) {
      const int64_t at = r * channels + c;
      const T g = where_positive(load<T>(y + at), load<T>(grad + at));
      if (masked != nullptr) store<T>(masked + at, g);
      sums[k] += g;
      products[k] += g * (load<T>(x + at) - m);
    };
    int64_t r = 0;
    for (; r + 2 <= rows; r += 2) row(r, 0), row(r + 1, 1);
    if (r < rows) row(r, 0);
    store<T>(sum + c, sums[0] + sums[1]);
    store<T>(product + c, products[0] + products[1]);
  });
}

// grad_x = a * g + b * (x - mean) + c, with g read from `masked` where it was written, else masked again.
KD_MULTIVERSION void chunk_backward(const float* grad, const float* y, const float* x, const float* masked, int64_t rows,
                                    int64_t channels, const float* mean, const float* a, const float* b, const float* c0,
                                    float* grad_x) {
  for_channels(channels, [&](auto zero, int64_t c) __attribute__((always_inline)) {
    using T = decltype(zero);
    const T m = load<T>(mean + c), ka = load<T>(a + c), kb = load<T>(b + c), kc = load<T>(c0 + c);
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t at = r * channels + c;
      const T g = masked != nullptr ? load<T>(masked + at) : where_positive(load<T>(y + at), load<T>(grad + at));
      store<T>(grad_x + at, ka * g + kb * (load<T>(x + at) - m) + kc);
    }
  });
}

struct Shape {
  int64_t rows, channels, chunk_rows, chunks;

  explicit Shape(const at::Tensor& x)
      : rows(x.numel() / x.size(1)), channels(x.size(1)), chunk_rows(rows_per_chunk(channels)),
        chunks((rows + chunk_rows - 1) / chunk_rows) {}

  int64_t rows_of(int64_t chunk) const { return std::min(chunk_rows, rows - chunk * chunk_rows); }

  // Runs body(chunk, number of its first element) for every chunk, on all threads.
  template <class Body>
  void for_chunks(const Body& body) const {
    at::parallel_for(0, chunks, 1, [&](int64_t begin, int64_t end) {
      for (int64_t chunk = begin; chunk < end; ++chunk) body(chunk, chunk * chunk_rows * channels);
    });
  }
};

// An absent tensor is nullopt for autograd; the name of optional differs between versions of libtorch.
using OptionalTensor = decltype(std::declval<c10::IValue>().toOptionalTensorList())::value_type;

// What autograd does not look at: the running statistics (both undefined where none are kept) and how to update them.
struct Running {
  at::Tensor mean, variance;
  double momentum, eps;
};

struct BatchNormRelu : torch::autograd::Function<BatchNormRelu> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const OptionalTensor& residual,
                            const at::Tensor& weight, const at::Tensor& bias, const Running& running) {
    const Shape shape(x);
    const int64_t channels = shape.channels;
    const float* input = x.data_ptr<float>();

    std::vector<float> chunk_mean(shape.chunks * channels), chunk_deviation(shape.chunks * channels);
    shape.for_chunks([&](int64_t chunk, int64_t first) {
      chunk_moments(input + first, shape.rows_of(chunk), channels, &chunk_mean[chunk * channels], &chunk_deviation[chunk * channels]);
    });

    auto mean = at::empty({channels}, weight.options()), invstd = at::empty({channels}, weight.options());
    std::vector<float> scale(channels);
    float *mean_data = mean.data_ptr<float>(), *invstd_data = invstd.data_ptr<float>();
    float* running_mean = running.mean.defined() ? running.mean.data_ptr<float>() : nullptr;
    float* running_variance = running.mean.defined() ? running.variance.data_ptr<float>() : nullptr;
    const float* weight_data = weight.data_ptr<float>();
    for (int64_t c = 0; c < channels; ++c) {
      // Chan, Golub and LeVeque 1979: moments of a union from those of its parts.
      double count = 0, center = 0, deviation = 0;
      for (int64_t chunk = 0; chunk < shape.chunks; ++chunk) {
        const double n = static_cast<double>(shape.rows_of(chunk)), delta = chunk_mean[chunk * channels + c] - center;
        const double total = count + n;
        center += delta * n / total;
        deviation += chunk_deviation[chunk * channels + c] + delta * delta * count * n / total;
        count = total;
      }
      const double variance = deviation / count;
      mean_data[c] = static_cast<float>(center);
      invstd_data[c] = static_cast<float>(1.0 / std::sqrt(variance + running.eps));
      scale[c] = invstd_data[c] * weight_data[c];
      if (running_mean != nullptr) {
        const double share = running.momentum, unbiased = deviation / (count - 1);
        running_mean[c] = static_cast<float>(share * center + (1 - share) * running_mean[c]);
        running_variance[c] = static_cast<float>(share * unbiased + (1 - share) * running_variance[c]);
      }
    }

    auto y = at::empty_like(x);
    float* output = y.data_ptr<float>();
    const float* residual_data = residual ? residual->data_ptr<float>() : nullptr;
    const float* bias_data = bias.data_ptr<float>();
    shape.for_chunks([&](int64_t chunk, int64_t first) {
      chunk_forward(input + first, residual_data == nullptr ? nullptr : residual_data + first, shape.rows_of(chunk), channels, mean_data,
                    scale.data(), bias_data, output + first);
    });
    context->save_for_backward({x, y, weight, mean, invstd});
    context->saved_data["residual"] = residual.has_value();
    context->saved_data["eps"] = running.eps;
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
    auto saved = context->get_saved_variables();
    const auto &x = saved[0], &y = saved[1], &weight = saved[2], &mean = saved[3], &invstd = saved[4];
    const bool has_residual = context->saved_data["residual"].toBool();
    if (at::GradMode::is_enabled()) {
      // Someone will differentiate the gradient: compute it with operators that autograd knows.
      auto g = at::threshold_backward(gradients[0], y, 0);
      auto parts = at::native_batch_norm_backward(g, x, weight, {}, {}, mean, invstd, true, context->saved_data["eps"].toDouble(),
                                                  {true, true, true});
      return {std::get<0>(parts), has_residual ? g : at::Tensor(), std::get<1>(parts), std::get<2>(parts), {}};
    }

    const Shape shape(x);
    const int64_t channels = shape.channels;
    const auto grad = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    const float *grad_data = grad.data_ptr<float>(), *y_data = y.data_ptr<float>(), *x_data = x.data_ptr<float>();
    const float *mean_data = mean.data_ptr<float>(), *invstd_data = invstd.data_ptr<float>(), *weight_data = weight.data_ptr<float>();

    auto masked = has_residual ? at::empty_like(x) : at::Tensor();
    float* masked_data = has_residual ? masked.data_ptr<float>() : nullptr;
    std::vector<float> chunk_sum(shape.chunks * channels), chunk_product(shape.chunks * channels);
    shape.for_chunks([&](int64_t chunk, int64_t first) {
      chunk_gradient_sums(grad_data + first, y_data + first, x_data + first, shape.rows_of(chunk), channels, mean_data,
                          masked_data == nullptr ? nullptr : masked_data + first, &chunk_sum[chunk * channels], &chunk_product[chunk * channels]);
    });

    auto grad_weight = at::empty_like(weight), grad_bias = at::empty_like(weight);
    float *grad_weight_data = grad_weight.data_ptr<float>(), *grad_bias_data = grad_bias.data_ptr<float>();
    std::vector<float> a(channels), b(channels), c0(channels);
    const double rows = static_cast<double>(shape.rows);
    for (int64_t c = 0; c < channels; ++c) {
      double sum = 0, product = 0;
      for (int64_t chunk = 0; chunk < shape.chunks; ++chunk) {
        sum += chunk_sum[chunk * channels + c];
        product += chunk_product[chunk * channels + c];
      }
      const double inverse = invstd_data[c], scale = inverse * weight_data[c];
      grad_bias_data[c] = static_cast<float>(sum);
      grad_weight_data[c] = static_cast<float>(product * inverse);
      a[c] = static_cast<float>(scale);
      b[c] = static_cast<float>(-scale * product * inverse * inverse / rows);
      c0[c] = static_cast<float>(-scale * sum / rows);
    }

    auto grad_x = at::empty_like(x);
    float* grad_x_data = grad_x.data_ptr<float>();
    shape.for_chunks([&](int64_t chunk, int64_t first) {
      chunk_backward(grad_data + first, y_data + first, x_data + first, masked_data == nullptr ? nullptr : masked_data + first,
                     shape.rows_of(chunk), channels, mean_data, a.data(), b.data(), c0.data(), grad_x_data + first);
    });
    return {grad_x, masked, grad_weight, grad_bias, {}};
  }
};

bool serves(const at::Tensor& tensor) {
  return tensor.is_cpu() && tensor.scalar_type() == at::kFloat && tensor.dim() == 4 && tensor.numel() > 0 &&
         tensor.is_contiguous(at::MemoryFormat::ChannelsLast);
}

// With the statistics of an evaluation: fixed numbers, so that one pass does all.
at::Tensor evaluate(const at::Tensor& x, const at::Tensor& residual, const at::Tensor& weight, const at::Tensor& bias,
                    const at::Tensor& mean, const at::Tensor& variance, double eps) {
  const Shape shape(x);
  std::vector<float> scale(shape.channels);
  for (int64_t c = 0; c < shape.channels; ++c)
    scale[c] = weight.data_ptr<float>()[c] / static_cast<float>(std::sqrt(variance.data_ptr<float>()[c] + eps));
  auto y = at::empty_like(x);
  const float *input = x.data_ptr<float>(), *residual_data = residual.defined() ? residual.data_ptr<float>() : nullptr;
  const float *mean_data = mean.data_ptr<float>(), *bias_data = bias.data_ptr<float>();
  float* output = y.data_ptr<float>();
  shape.for_chunks([&](int64_t chunk, int64_t first) {
    chunk_forward(input + first, residual_data == nullptr ? nullptr : residual_data + first, shape.rows_of(chunk), shape.channels, mean_data,
                  scale.data(), bias_data, output + first);
  });
  return y;
}

}  // namespace

// Whether the kernels serve such tensors; where not, the caller goes the plain way.
KD_API int32_t kd_batch_norm_relu_fits(TensorHandle x_handle, TensorHandle residual_handle, TensorHandle weight_handle) {
  auto x = borrow(x_handle), residual = borrow(residual_handle), weight = borrow(weight_handle);
  // One value a channel has no variance: the plain operator says so.
  return serves(x) && x.numel() > x.size(1) && (!residual.defined() || (serves(residual) && residual.sizes() == x.sizes())) &&
         weight.is_cpu() && weight.scalar_type() == at::kFloat && weight.numel() == x.size(1);
}

// `running_mean` and `running_var` are updated in training, and used otherwise; both may be null in training.
KD_API const char* kd_batch_norm_relu(TensorHandle x_handle, TensorHandle residual_handle, TensorHandle weight_handle,
                                      TensorHandle bias_handle, TensorHandle running_mean_handle, TensorHandle running_var_handle,
                                      int32_t training, double momentum, double eps, TensorHandle* result) {
  return guarded([&] {
    auto x = borrow(x_handle), residual = borrow(residual_handle), weight = borrow(weight_handle), bias = borrow(bias_handle);
    auto mean = borrow(running_mean_handle), variance = borrow(running_var_handle);
    for (const auto* vector : {&weight, &bias, &mean, &variance})
      TORCH_CHECK(!vector->defined() || (vector->is_cpu() && vector->scalar_type() == at::kFloat && vector->is_contiguous() &&
                                         vector->numel() == x.size(1)),
                  "batch_norm_relu: the layer's tensors have to be float, on the cpu and of ", x.size(1), " elements");
    adopt_numeric_modes();
    const auto added = residual.defined() ? OptionalTensor(residual) : OptionalTensor();
    *result = release(training != 0 ? BatchNormRelu::apply(x, added, weight, bias, Running{mean, variance, momentum, eps})
                                    : evaluate(x, residual, weight, bias, mean, variance, eps));
  });
}

}  // namespace kd
