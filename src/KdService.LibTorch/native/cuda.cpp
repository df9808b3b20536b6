// Accelerators: devices, streams, autocast; CUDA graphs and allocator statistics where the shim was built with CUDA's headers.
#include "kdtorch.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/version.h>

#include <memory>

#ifdef KD_CUDA
#include <ATen/cuda/CUDAContext.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

namespace kd {
namespace {

#ifndef KD_CUDA
[[noreturn]] void needs_cuda(const char* what) {
  TORCH_CHECK(false, what, " needs libkdtorch built against a CUDA libtorch with CUDA's headers: set KD_LIBTORCH to one and build again");
}
#endif

}  // namespace

KD_API int32_t kd_cuda_device_count() {
  return at::globalContext().hasCUDA() ? c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA).deviceCount() : 0;
}
KD_API int32_t kd_cuda_has_cudnn() { return at::globalContext().hasCuDNN(); }

KD_API const char* kd_cuda_synchronize(int32_t index) {
  return guarded([&] {
    c10::impl::VirtualGuardImpl guard(c10::DeviceType::CUDA);
    auto device = index < 0 ? guard.getDevice() : c10::Device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(index));
    guard.getStream(device).synchronize();
  });
}

KD_API int32_t kd_cuda_allow_tf32() { return at::globalContext().allowTF32CuBLAS(); }
KD_API const char* kd_cuda_set_allow_tf32(int32_t allow) {
  return guarded([&] {
    at::globalContext().setAllowTF32CuBLAS(allow != 0);
    at::globalContext().setAllowTF32CuDNN(allow != 0);
  });
}
KD_API void kd_cuda_set_benchmark(int32_t enabled) { at::globalContext().setBenchmarkCuDNN(enabled != 0); }

// Whether a device is made for bfloat16, which others emulate, slower than float: tensor cores from Ampere on, AVX512-BF16 through oneDNN.
KD_API int32_t kd_has_bf16(int32_t device_type, int32_t index) {
  if (static_cast<at::DeviceType>(device_type) == at::kCUDA) {
#ifdef KD_CUDA
    return at::cuda::getDeviceProperties(static_cast<c10::DeviceIndex>(index < 0 ? 0 : index))->major >= 8;
#else
    (void)index;
    return 0;
#endif
  }
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
  return at::globalContext().hasMKLDNN() && __builtin_cpu_supports("avx512bf16");
#else
  return 0;
#endif
}

// Autocast of one device type. `scalar_type` receives the type that was in force, so that a scope can restore it.
KD_API const char* kd_autocast_set(int32_t device_type, int32_t enabled, int32_t scalar_type, int32_t* old_enabled, int32_t* old_scalar_type) {
  return guarded([&] {
    auto type = static_cast<at::ScalarType>(scalar_type);
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
    auto device = static_cast<at::DeviceType>(device_type);
    *old_enabled = at::autocast::is_autocast_enabled(device);
    *old_scalar_type = static_cast<int32_t>(at::autocast::get_autocast_dtype(device));
    at::autocast::set_autocast_enabled(device, enabled != 0);
    at::autocast::set_autocast_dtype(device, type);
#else
    if (static_cast<at::DeviceType>(device_type) == at::kCUDA) {
      *old_enabled = at::autocast::is_enabled();
      *old_scalar_type = static_cast<int32_t>(at::autocast::get_autocast_gpu_dtype());
      at::autocast::set_enabled(enabled != 0);
      at::autocast::set_autocast_gpu_dtype(type);
    } else {
      *old_enabled = at::autocast::is_cpu_enabled();
      *old_scalar_type = static_cast<int32_t>(at::autocast::get_autocast_cpu_dtype());
      at::autocast::set_cpu_enabled(enabled != 0);
      at::autocast::set_autocast_cpu_dtype(type);
    }
#endif
  });
}
// The cache of weights that autocast has converted lives as long as the outermost scope.
KD_API void kd_autocast_enter() { at::autocast::increment_nesting(); }
KD_API void kd_autocast_leave() {
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
}

// Bytes of the caching allocator: allocated now and at most, reserved now and at most.
KD_API const char* kd_cuda_memory(int32_t index, int64_t* bytes) {
  return guarded([&] {
#ifdef KD_CUDA
    auto statistics = c10::cuda::CUDACachingAllocator::getDeviceStats(static_cast<c10::DeviceIndex>(index));
    bytes[0] = statistics.allocated_bytes[0].current;
    bytes[1] = statistics.allocated_bytes[0].peak;
    bytes[2] = statistics.reserved_bytes[0].current;
    bytes[3] = statistics.reserved_bytes[0].peak;
#else
    (void)index, (void)bytes;
    needs_cuda("memory statistics");
#endif
  });
}
KD_API const char* kd_cuda_reset_peak_memory(int32_t index) {
  return guarded([&] {
#ifdef KD_CUDA
    c10::cuda::CUDACachingAllocator::resetPeakStats(static_cast<c10::DeviceIndex>(index));
#else
    (void)index;
    needs_cuda("resetting memory statistics");
#endif
  });
}
KD_API const char* kd_cuda_empty_cache() {
  return guarded([&] {
#ifdef KD_CUDA
    c10::cuda::CUDACachingAllocator::emptyCache();
#else
    needs_cuda("emptying the allocator's cache");
#endif
  });
}

// A recorded sequence of kernels. Capture runs on a stream of its own, as CUDA demands.
struct Graph {
#ifdef KD_CUDA
  at::cuda::CUDAGraph graph;
  std::unique_ptr<c10::cuda::CUDAStreamGuard> capturing;
#endif
};

KD_API const char* kd_cuda_graph_new(Graph** result) {
  return guarded([&] {
#ifdef KD_CUDA
    *result = new Graph();
#else
    (void)result;
    needs_cuda("a CUDA graph");
#endif
  });
}
KD_API const char* kd_cuda_graph_begin(Graph* graph) {
  return guarded([&] {
#ifdef KD_CUDA
    c10::cuda::device_synchronize();
    graph->capturing = std::make_unique<c10::cuda::CUDAStreamGuard>(c10::cuda::getStreamFromPool());
    graph->graph.capture_begin({0, 0});
#else
    (void)graph;
    needs_cuda("a CUDA graph");
#endif
  });
}
KD_API const char* kd_cuda_graph_end(Graph* graph) {
  return guarded([&] {
#ifdef KD_CUDA
    auto stream = std::move(graph->capturing);
    graph->graph.capture_end();
#else
    (void)graph;
    needs_cuda("a CUDA graph");
#endif
  });
}
KD_API const char* kd_cuda_graph_replay(Graph* graph) {
  return guarded([&] {
#ifdef KD_CUDA
    graph->graph.replay();
#else
    (void)graph;
    needs_cuda("a CUDA graph");
#endif
  });
}
KD_API void kd_cuda_graph_free(Graph* graph) { delete graph; }

}  // namespace kd
