// Comparison of what the device gave with the reference.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "reference/tensor.h"

namespace convscope {

// |got - ref| <= atol + rtol * |ref| at every element, atol being `tolerance` of the largest |ref| (at least 1e-30).
inline void expect_close(const reference::Tensor &got, const reference::Tensor &ref, double tolerance = 2e-6) {
  ASSERT_TRUE(got.same_shape(ref)) << got.n << "," << got.c << "," << got.h << "," << got.w << " instead of " << ref.n
                                   << "," << ref.c << "," << ref.h << "," << ref.w;
  double largest = 1e-30;
  for (double value : ref.data)
    largest = std::max(largest, std::abs(value));
  int wrong = 0;
  for (int n = 0; n < ref.n; ++n)
    for (int c = 0; c < ref.c; ++c)
      for (int y = 0; y < ref.h; ++y)
        for (int x = 0; x < ref.w; ++x) {
          const double have = got.at(n, c, y, x), want = ref.at(n, c, y, x);
          if (!(std::abs(have - want) <= tolerance * (largest + std::abs(want))) && ++wrong <= 3)
            ADD_FAILURE() << "image " << n << " channel " << c << " row " << y << " column " << x << ": " << have
                          << " instead of " << want;
        }
  EXPECT_EQ(wrong, 0) << "of " << ref.data.size();
}

// One image of a batch.
inline reference::Tensor image_of(const reference::Tensor &batch, int n) {
  reference::Tensor image(1, batch.c, batch.h, batch.w);
  const auto size = static_cast<std::ptrdiff_t>(image.data.size());
  std::copy_n(batch.data.begin() + n * size, size, image.data.begin());
  return image;
}

} // namespace convscope
