// The generic door: any ATen operator by schema name, through the dispatcher's boxed calling convention.
#include "kdtorch.h"

#include <ATen/core/Generator.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>

#include <cstdlib>
#include <deque>
#include <mutex>
#include <vector>

namespace kd {
namespace {

using OptionalTensorList = decltype(std::declval<c10::IValue>().toOptionalTensorList());
using OptionalTensor = OptionalTensorList::value_type;

// What the schema says of one parameter, as far as encoding an argument depends on it.
struct Parameter {
  bool is_float = false;
  bool is_optional_tensor_list = false;
  bool has_default = false;
  c10::IValue default_value;
};

struct Operator {
  c10::OperatorHandle handle;
  std::vector<Parameter> parameters;
};

bool is_optional_tensor_list(const c10::TypePtr& type) {
  if (type->kind() != c10::TypeKind::ListType) return false;
  return type->expectRef<c10::ListType>().getElementType()->kind() == c10::TypeKind::OptionalType;
}

bool is_float(const c10::TypePtr& type) {
  if (type->kind() == c10::TypeKind::OptionalType) return is_float(type->expectRef<c10::OptionalType>().getElementType());
  return type->kind() == c10::TypeKind::FloatType;
}

Operator* find_operator(const char* name, const char* overload) {
  static std::mutex mutex;
  static std::deque<Operator> found;  // a deque, so that addresses stay
  Operator result{c10::Dispatcher::singleton().findSchemaOrThrow(name, overload), {}};
  for (const auto& argument : result.handle.schema().arguments()) {
    Parameter parameter;
    parameter.is_float = is_float(argument.type());
    parameter.is_optional_tensor_list = is_optional_tensor_list(argument.type());
    if (argument.default_value()) {
      parameter.has_default = true;
      parameter.default_value = *argument.default_value();
    }
    result.parameters.push_back(std::move(parameter));
  }
  std::lock_guard<std::mutex> lock(mutex);
  found.push_back(std::move(result));
  return &found.back();
}

c10::IValue tensor_list(const Value& value, bool optional) {
  auto handles = static_cast<const TensorHandle*>(value.pointer);
  if (optional) {
    OptionalTensorList list;
    list.reserve(value.count);
    for (int32_t i = 0; i < value.count; ++i) list.push_back(handles[i] ? OptionalTensor(borrow(handles[i])) : OptionalTensor());
    return list;
  }
  c10::List<at::Tensor> list;
  list.reserve(value.count);
  for (int32_t i = 0; i < value.count; ++i) list.push_back(borrow(handles[i]));
  return list;
}

c10::IValue decode(const Value& value, const Parameter& parameter, const Operator& op, size_t position) {
  switch (value.tag) {
    case Tag::None: return {};
    case Tag::Default:
      TORCH_CHECK(parameter.has_default, op.handle.schema().name(), ": argument '",
                  op.handle.schema().arguments()[position].name(), "' is missing and has no default");
      return parameter.default_value;
    case Tag::Tensor: return borrow(static_cast<TensorHandle>(const_cast<void*>(value.pointer)));
    case Tag::TensorList: return tensor_list(value, parameter.is_optional_tensor_list);
    case Tag::Int: return parameter.is_float ? c10::IValue(static_cast<double>(value.integer)) : c10::IValue(value.integer);
    case Tag::IntList: return at::ArrayRef<int64_t>(static_cast<const int64_t*>(value.pointer), value.count);
    case Tag::Double: return value.number;
    case Tag::DoubleList: {
      auto numbers = static_cast<const double*>(value.pointer);
      return std::vector<double>(numbers, numbers + value.count);
    }
    case Tag::Bool: return value.integer != 0;
    case Tag::String: return std::string(static_cast<const char*>(value.pointer), value.count);
    case Tag::Device:
      return c10::Device(static_cast<c10::DeviceType>(value.count), static_cast<c10::DeviceIndex>(value.integer));
    case Tag::Generator:
      return at::Generator(c10::intrusive_ptr<c10::GeneratorImpl>::unsafe_reclaim_from_nonowning(
          static_cast<c10::GeneratorImpl*>(const_cast<void*>(value.pointer))));
  }
  TORCH_CHECK(false, "unknown argument tag ", static_cast<int32_t>(value.tag));
}

Value encode(c10::IValue&& result) {
  Value value{Tag::None, 0, {0}};
  if (result.isTensor()) {
    value.tag = Tag::Tensor;
    value.pointer = release(std::move(result).toTensor());
  } else if (result.isTensorList()) {
    auto list = std::move(result).toTensorVector();
    value.tag = Tag::TensorList;
    value.count = static_cast<int32_t>(list.size());
    auto handles = static_cast<TensorHandle*>(std::malloc(sizeof(TensorHandle) * (list.empty() ? 1 : list.size())));
    for (size_t i = 0; i < list.size(); ++i) handles[i] = release(std::move(list[i]));
    value.pointer = handles;
  } else if (result.isInt()) {
    value.tag = Tag::Int;
    value.integer = result.toInt();
  } else if (result.isDouble()) {
    value.tag = Tag::Double;
    value.number = result.toDouble();
  } else if (result.isBool()) {
    value.tag = Tag::Bool;
    value.integer = result.toBool();
  } else if (!result.isNone()) {
    TORCH_CHECK(false, "a result of type ", result.tagKind(), " cannot be handed over");
  }
  return value;
}

}  // namespace

KD_API const char* kd_operator_find(const char* name, const char* overload, Operator** op) {
  return guarded([&] { *op = find_operator(name, overload); });
}

// Calls `op` with the given leading arguments; the schema's defaults stand for the rest. Writes at most `capacity`
// results and drops the others; `capacity` 0 is how an in-place operator is called.
KD_API const char* kd_operator_call(Operator* op, const Value* arguments, int32_t count, Value* results, int32_t capacity) {
  return guarded([&] {
    TORCH_CHECK(static_cast<size_t>(count) <= op->parameters.size(), op->handle.schema().name(), ": ", count,
                " arguments given, the operator has ", op->parameters.size());
    torch::jit::Stack stack;
    stack.reserve(op->parameters.size());
    const Value missing{Tag::Default, 0, {0}};
    for (size_t i = 0; i < op->parameters.size(); ++i)
      stack.push_back(decode(i < static_cast<size_t>(count) ? arguments[i] : missing, op->parameters[i], *op, i));
    adopt_numeric_modes();
    op->handle.callBoxed(&stack);
    for (size_t i = 0; i < stack.size() && i < static_cast<size_t>(capacity); ++i) results[i] = encode(std::move(stack[i]));
  });
}

// Frees the array of a TensorList result; the handles in it stay the caller's.
KD_API void kd_array_free(void* array) { std::free(array); }

}  // namespace kd
