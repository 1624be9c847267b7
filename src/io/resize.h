// Float planar pictures (3,H,W), 0..1: conversion, antialiased resizing, cropping.
#pragma once

#include "base/array.h"
#include "io/image.h"

namespace convscope {

Array to_float(const ImageRgb8 &image);
// Clamped to 0..1 and rounded to nearest; NaN becomes 0. (3,H,W) or (1,3,H,W).
ImageRgb8 to_rgb8(const Array &image);

// Bilinear with a triangle filter as wide as the reduction (what Pillow calls BILINEAR). Any (C,H,W).
Array resize(const Array &image, int width, int height);
// The same of a picture of 8 bits.
ImageRgb8 resize(const ImageRgb8 &image, int width, int height);
// Keeps the aspect; the shorter side becomes n, the longer is rounded.
Array fit_shorter_side(const Array &image, int n);
struct Part { // of a picture, in its pixels
  int left = 0, top = 0, width = 0, height = 0;
  bool operator==(const Part &) const = default;
};
// Of a picture of that size, the largest part in its middle that has the proportions `across` to `down`: a square,
// where both are the same.
Part centered_part(int width, int height, int across, int down);
// That part of the picture, which lies within it.
ImageRgb8 cut(const ImageRgb8 &image, const Part &part);
// The same as (3,H,W), 0..1: what resize() makes of its floats, without the memory that these take.
Array resize(const ImageRgb8 &image, const Part &part, int width, int height);
// centered_part() of any (C,H,W).
Array center_crop(const Array &image, int width, int height);

} // namespace convscope
