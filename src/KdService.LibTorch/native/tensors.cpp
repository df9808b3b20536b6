// Tensors: lifetime, metadata and memory.
#include "kdtorch.h"

#include <ATen/ATen.h>

#include <atomic>
#include <cstring>

namespace kd {

KD_API void kd_tensor_free(TensorHandle handle) {
  // Destruction runs in noexcept code: there is no error to report.
  c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim(handle);
}

KD_API TensorHandle kd_tensor_share(TensorHandle handle) { return release(borrow(handle)); }

// A tensor of its own memory with `bytes` bytes copied from `data` (or uninitialised where `data` is null).
KD_API const char* kd_tensor_from_data(const void* data, int64_t bytes, const int64_t* shape, int32_t dimensions,
                                       int32_t scalar_type, TensorHandle* result) {
  return guarded([&] {
    auto tensor = at::empty(at::IntArrayRef(shape, dimensions), at::TensorOptions().dtype(static_cast<at::ScalarType>(scalar_type)));
    TORCH_CHECK(static_cast<int64_t>(tensor.nbytes()) == bytes, "a tensor of shape ", tensor.sizes(), " has ", tensor.nbytes(),
                " bytes, the data has ", bytes);
    if (data != nullptr && bytes > 0) std::memcpy(tensor.data_ptr(), data, bytes);
    *result = release(std::move(tensor));
  });
}

KD_API const char* kd_tensor_data(TensorHandle handle, void** data) {
  return guarded([&] { *data = borrow(handle).data_ptr(); });
}

// Sizes and strides of a strided tensor: `capacity` numbers fit in each array; returns the number of dimensions.
KD_API int32_t kd_tensor_shape(TensorHandle handle, int64_t* sizes, int64_t* strides, int32_t capacity) {
  auto shape = handle->sizes();
  auto count = static_cast<int32_t>(shape.size());
  if (count > capacity) return count;
  for (int32_t i = 0; i < count; ++i) sizes[i] = shape[i];
  if (strides != nullptr) {
    auto steps = handle->strides();
    for (int32_t i = 0; i < count; ++i) strides[i] = steps[i];
  }
  return count;
}

KD_API int64_t kd_tensor_numel(TensorHandle handle) { return handle->numel(); }
KD_API int64_t kd_tensor_storage_offset(TensorHandle handle) { return handle->storage_offset(); }
KD_API int32_t kd_tensor_dim(TensorHandle handle) { return static_cast<int32_t>(handle->dim()); }
KD_API int32_t kd_tensor_dtype(TensorHandle handle) { return static_cast<int32_t>(c10::typeMetaToScalarType(handle->dtype())); }
KD_API int32_t kd_tensor_element_size(TensorHandle handle) { return static_cast<int32_t>(handle->dtype().itemsize()); }
KD_API int32_t kd_tensor_is_contiguous(TensorHandle handle, int32_t memory_format) {
  return handle->is_contiguous(static_cast<at::MemoryFormat>(memory_format));
}

KD_API void kd_tensor_device(TensorHandle handle, int32_t* type, int32_t* index) {
  auto device = handle->device();
  *type = static_cast<int32_t>(device.type());
  *index = device.index();
}

// Makes `handle` share the contents of `source`, as the `data` property of Python's tensors does: autograd never sees it.
KD_API const char* kd_tensor_set_data(TensorHandle handle, TensorHandle source) {
  return guarded([&] { borrow(handle).set_data(borrow(source)); });
}

}  // namespace kd
