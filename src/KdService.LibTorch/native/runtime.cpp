// The process: random numbers, threads, numeric modes, and what has been loaded.
#include "kdtorch.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/autocast_mode.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <atomic>
#include <mutex>

namespace kd {
namespace {

enum class Denormals { untouched, kept, flushed };
std::atomic<Denormals> flush_denormals{Denormals::untouched};

at::Generator generator_of(c10::GeneratorImpl* handle) {
  return at::Generator(c10::intrusive_ptr<c10::GeneratorImpl>::unsafe_reclaim_from_nonowning(handle));
}

at::Generator default_generator(int32_t device_type, int32_t device_index) {
  return at::globalContext().defaultGenerator(
      c10::Device(static_cast<c10::DeviceType>(device_type), static_cast<c10::DeviceIndex>(device_index)));
}

const char* keep(std::string text) {
  static thread_local std::string kept;
  kept = std::move(text);
  return kept.c_str();
}

}  // namespace

void adopt_numeric_modes() {
  static thread_local Denormals adopted = Denormals::untouched;
  const auto wanted = flush_denormals.load(std::memory_order_relaxed);
  if (adopted == wanted) return;
  at::globalContext().setFlushDenormal(wanted == Denormals::flushed);
  adopted = wanted;
}

// Seeds the generators of the CPU and of every accelerator, as torch.manual_seed does.
KD_API const char* kd_manual_seed(uint64_t seed) {
  return guarded([&] { at::manual_seed(seed); });
}

KD_API const char* kd_generator_default(int32_t device_type, int32_t device_index, c10::GeneratorImpl** result) {
  return guarded([&] { *result = default_generator(device_type, device_index).unsafeReleaseGeneratorImpl(); });
}
KD_API const char* kd_generator_new(uint64_t seed, c10::GeneratorImpl** result) {
  return guarded([&] { *result = at::make_generator<at::CPUGeneratorImpl>(seed).unsafeReleaseGeneratorImpl(); });
}
KD_API void kd_generator_free(c10::GeneratorImpl* handle) { c10::intrusive_ptr<c10::GeneratorImpl>::reclaim(handle); }

KD_API const char* kd_generator_set_seed(c10::GeneratorImpl* handle, uint64_t seed) {
  return guarded([&] {
    auto generator = generator_of(handle);
    std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_current_seed(seed);
  });
}
KD_API const char* kd_generator_reseed(c10::GeneratorImpl* handle, uint64_t* seed) {
  return guarded([&] {
    auto generator = generator_of(handle);
    std::lock_guard<std::mutex> lock(generator.mutex());
    *seed = generator.seed();
  });
}
KD_API uint64_t kd_generator_initial_seed(c10::GeneratorImpl* handle) { return handle->current_seed(); }

KD_API const char* kd_generator_get_state(c10::GeneratorImpl* handle, TensorHandle* result) {
  return guarded([&] {
    auto generator = generator_of(handle);
    std::lock_guard<std::mutex> lock(generator.mutex());
    *result = release(generator.get_state());
  });
}
KD_API const char* kd_generator_set_state(c10::GeneratorImpl* handle, TensorHandle state) {
  return guarded([&] {
    auto generator = generator_of(handle);
    std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_state(borrow(state));
  });
}

KD_API int32_t kd_get_num_threads() { return at::get_num_threads(); }
KD_API const char* kd_set_num_threads(int32_t count) {
  return guarded([&] { at::set_num_threads(count); });
}
KD_API int32_t kd_get_num_interop_threads() { return at::get_num_interop_threads(); }
KD_API const char* kd_set_num_interop_threads(int32_t count) {
  return guarded([&] { at::set_num_interop_threads(count); });
}

// Denormal numbers count as zero, in every thread that computes from now on. Returns whether the processor can do that.
KD_API int32_t kd_set_flush_denormal(int32_t enabled) {
  flush_denormals = enabled != 0 ? Denormals::flushed : Denormals::kept;
  adopt_numeric_modes();
  return at::globalContext().setFlushDenormal(enabled != 0);
}

KD_API void kd_set_deterministic(int32_t enabled, int32_t warn_only) {
  at::globalContext().setDeterministicAlgorithms(enabled != 0, warn_only != 0);
}
KD_API int32_t kd_deterministic() { return at::globalContext().deterministicAlgorithms(); }
KD_API int32_t kd_deterministic_warn_only() { return at::globalContext().deterministicAlgorithmsWarnOnly(); }

// The version of the loaded library, which may be a later one than the shim was compiled with.
KD_API const char* kd_version() {
  const std::string configuration = at::show_config(), name = "TORCH_VERSION=";
  const auto at = configuration.find(name);
  if (at == std::string::npos) return TORCH_VERSION;
  const auto begin = at + name.size();
  return keep(configuration.substr(begin, configuration.find_first_of(", \n", begin) - begin));
}
KD_API const char* kd_build_configuration() { return keep(at::show_config()); }
KD_API const char* kd_parallel_configuration() { return keep(at::get_parallel_info()); }

// The file of the loaded library that provides matrix multiplication (sgemm_), or null where it is linked inside libtorch.
KD_API const char* kd_blas_file() {
  void* symbol = dlsym(RTLD_DEFAULT, "sgemm_");
  Dl_info info{};
  if (symbol == nullptr || dladdr(symbol, &info) == 0) return nullptr;
  return keep(info.dli_fname);
}

// OpenBLAS's own description ("OpenBLAS 0.3.21 ... SkylakeX MAX_THREADS=64") or null for another BLAS.
KD_API const char* kd_blas_configuration() {
  auto describe = reinterpret_cast<char* (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_config"));
  return describe == nullptr ? nullptr : keep(describe());
}
// The processor that OpenBLAS has kernels for and took this one to be ("SkylakeX"), or null for another BLAS.
KD_API const char* kd_blas_core() {
  auto name = reinterpret_cast<char* (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_corename"));
  return name == nullptr ? nullptr : keep(name());
}
// OpenBLAS's threading: 0 none, 1 pthreads, 2 OpenMP; -1 for another BLAS.
KD_API int32_t kd_blas_threading() {
  auto parallel = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_parallel"));
  return parallel == nullptr ? -1 : parallel();
}

}  // namespace kd
