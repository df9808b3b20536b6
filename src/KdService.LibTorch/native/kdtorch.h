// What the translation units of the shim share: how values cross the C boundary, and how errors do.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>
#include <c10/util/intrusive_ptr.h>

#include <cstdint>
#include <exception>
#include <string>

#define KD_API extern "C" __attribute__((visibility("default")))

namespace kd {

// A tensor handle is one owned reference to its TensorImpl.
using TensorHandle = c10::TensorImpl*;

enum class Tag : int32_t {
  None = 0,
  Default = 1,  // the default value in the operator's schema
  Tensor = 2,
  TensorList = 3,
  Int = 4,
  IntList = 5,
  Double = 6,
  DoubleList = 7,
  Bool = 8,
  String = 9,
  Device = 10,     // count: type, integer: index
  Generator = 11,  // pointer: a generator handle
};

// An argument or a result of an operator. Lists point at `count` elements.
struct Value {
  Tag tag;
  int32_t count;
  union {
    int64_t integer;
    double number;
    const void* pointer;
  };
};

inline TensorHandle release(at::Tensor tensor) {
  return tensor.defined() ? tensor.unsafeReleaseTensorImpl() : nullptr;
}

// A new reference to the tensor behind a handle that stays the caller's; null is the undefined tensor.
inline at::Tensor borrow(TensorHandle handle) {
  if (handle == nullptr) return {};
  return at::Tensor(c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::unsafe_reclaim_from_nonowning(handle));
}

// Gives the calling thread the numeric modes of the process: the processor keeps them for each thread apart, and .NET moves
// work between threads. Costs a comparison where nothing changed.
void adopt_numeric_modes();

// Runs `body` and returns null, or the message of what it threw; the message lives until the thread's next failure.
template <class Body>
const char* guarded(Body&& body) noexcept {
  static thread_local std::string message;
  try {
    body();
    return nullptr;
  } catch (const c10::Error& error) {
    message = error.what_without_backtrace();
  } catch (const std::exception& error) {
    message = error.what();
  } catch (...) {
    message = "libtorch threw something that is not a std::exception";
  }
  return message.c_str();
}

}  // namespace kd
