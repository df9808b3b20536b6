// Dropout (Srivastava et al. 2014) and an optional addition behind it, in one pass, for training on CPUs with float tensors.
//
//   y = x * kept / (1 - p) [+ residual]
//
// libtorch draws a mask number by number from one generator that threads cannot share, writes it and reads it again. Here whether
// an element is kept follows from its place and a seed: Philox (Salmon et al. 2011, 4x32 with 7 rounds) draws for many elements at
// once, on any number of threads with the same result, and the way back draws again instead of remembering. The seed is taken from
// libtorch's generator.
#include "kdtorch.h"
#include "multiversion.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/core/ivalue.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <mutex>

namespace kd {
namespace {

// A group of elements is served by as many counters as there are lanes, each of which gives four words.
constexpr int64_t kLanes = 16, kGroup = 4 * kLanes;
constexpr int kRounds = 7;

KD_INLINE void draw(uint64_t group, uint64_t seed, uint32_t (&words)[4][kLanes]) {
  for (int lane = 0; lane < kLanes; ++lane) {
    const uint64_t counter = group * kLanes + lane;
    words[0][lane] = static_cast<uint32_t>(counter);
    words[1][lane] = static_cast<uint32_t>(counter >> 32);
    words[2][lane] = words[3][lane] = 0;
  }
  auto low_key = static_cast<uint32_t>(seed), high_key = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < kRounds; ++round, low_key += 0x9E3779B9u, high_key += 0xBB67AE85u)
    for (int lane = 0; lane < kLanes; ++lane) {
      const uint64_t first = uint64_t{0xD2511F53u} * words[0][lane], second = uint64_t{0xCD9E8D57u} * words[2][lane];
      words[0][lane] = static_cast<uint32_t>(second >> 32) ^ words[1][lane] ^ low_key;
      words[1][lane] = static_cast<uint32_t>(second);
      words[2][lane] = static_cast<uint32_t>(first >> 32) ^ words[3][lane] ^ high_key;
      words[3][lane] = static_cast<uint32_t>(first);
    }
}

// Multiplied, not replaced: a NaN has to come through, or a diverged run would look healthy.
KD_INLINE void keep(const float* x, const float* residual, float* y, const uint32_t* words, int64_t count, uint32_t threshold, float scale) {
  for (int64_t i = 0; i < count; ++i) {
    const float kept = x[i] * (words[i] < threshold ? 0.0f : scale);
    y[i] = residual == nullptr ? kept : kept + residual[i];
  }
}

KD_MULTIVERSION void drop(const float* x, const float* residual, float* y, int64_t first_group, int64_t groups, int64_t size, uint64_t seed,
                          uint32_t threshold, float scale) {
  for (int64_t group = first_group; group < groups; ++group) {
    uint32_t words[4][kLanes];
    draw(static_cast<uint64_t>(group), seed, words);
    const int64_t at = group * kGroup;
    const float* added = residual == nullptr ? nullptr : residual + at;
    if (size - at >= kGroup) keep(x + at, added, y + at, &words[0][0], kGroup, threshold, scale);
    else keep(x + at, added, y + at, &words[0][0], size - at, threshold, scale);
  }
}

using OptionalTensor = c10::optional<at::Tensor>;

// Dropping is linear, so that the gradient is dropped in the same places, by the same function if somebody differentiates it.
struct Dropout : torch::autograd::Function<Dropout> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const OptionalTensor& residual, double p, int64_t seed) {
    context->saved_data["residual"] = residual.has_value();
    context->saved_data["p"] = p;
    context->saved_data["seed"] = seed;
    auto y = at::empty_like(x);
    const int64_t size = x.numel(), groups = (size + kGroup - 1) / kGroup;
    const auto threshold = static_cast<uint32_t>(std::llround(p * 4294967296.0));
    const auto scale = static_cast<float>(1 / (1 - p));
    const float *input = x.data_ptr<float>(), *added = residual ? residual->data_ptr<float>() : nullptr;
    float* output = y.data_ptr<float>();
    at::parallel_for(0, groups, 256, [&](int64_t begin, int64_t end) {
      drop(input, added, output, begin, end, size, static_cast<uint64_t>(seed), threshold, scale);
    });
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
    const auto p = context->saved_data["p"].toDouble();
    const auto seed = context->saved_data["seed"].toInt();
    const bool has_residual = context->saved_data["residual"].toBool();
    return {apply(gradients[0].contiguous(), OptionalTensor(), p, seed), has_residual ? gradients[0] : at::Tensor(), {}, {}};
  }
};

int64_t next_seed() {
  auto generator = at::globalContext().defaultGenerator(at::kCPU);
  std::lock_guard<std::mutex> lock(generator.mutex());
  return static_cast<int64_t>(at::check_generator<at::CPUGeneratorImpl>(generator)->random64());
}

bool serves(const at::Tensor& tensor) {
  return tensor.is_cpu() && tensor.scalar_type() == at::kFloat && tensor.is_contiguous();
}

}  // namespace

// Whether the kernel serves such tensors; where not, the caller goes the plain way.
KD_API int32_t kd_dropout_fits(TensorHandle x_handle, TensorHandle residual_handle) {
  auto x = borrow(x_handle), residual = borrow(residual_handle);
  return serves(x) && (!residual.defined() || (serves(residual) && residual.sizes() == x.sizes()));
}

// `p` from 0 to below 1.
KD_API const char* kd_dropout(TensorHandle x_handle, TensorHandle residual_handle, double p, TensorHandle* result) {
  return guarded([&] {
    auto x = borrow(x_handle), residual = borrow(residual_handle);
    adopt_numeric_modes();
    *result = release(Dropout::apply(x, residual.defined() ? OptionalTensor(residual) : OptionalTensor(), p, next_seed()));
  });
}

}  // namespace kd
