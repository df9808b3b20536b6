// Kernels are compiled for several generations of processors; the loader chooses among them.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define KD_MULTIVERSION __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KD_MULTIVERSION
#endif
#define KD_INLINE inline __attribute__((always_inline))
