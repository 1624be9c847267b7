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
// The largest centred part of that shape: a square, where both are the same.
Array center_crop(const Array &image, int width, int height);

} // namespace convscope
