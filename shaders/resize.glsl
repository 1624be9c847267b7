// Bilinear with half-pixel centres and clamped edges: output pixel o of an axis reads `low` and `low + 1`, clamped.
struct Tap {
  int low;
  float f; // weight of low + 1
};

Tap resize_tap(int o, float ratio) {
  precise float at = (float(o) + 0.5) * ratio - 0.5;
  const float low = floor(at);
  return Tap(int(low), at - low);
}

// What pixel i of an axis of `size` adds to that output pixel.
float resize_weight(Tap tap, int i, int size) {
  return (clamp(tap.low, 0, size - 1) == i ? 1.0 - tap.f : 0.0) + (clamp(tap.low + 1, 0, size - 1) == i ? tap.f : 0.0);
}

// First and last output pixel that may read pixel i of an axis; edges are read from beyond, too.
ivec2 readers(int i, int in_size, int out_size, float ratio) {
  const int first = i == 0 ? 0 : int(floor((float(i) - 0.5) / ratio - 0.5)) - 1;
  const int last = i == in_size - 1 ? out_size - 1 : int(ceil((float(i) + 1.5) / ratio - 0.5)) + 1;
  return ivec2(max(first, 0), min(last, out_size - 1));
}
