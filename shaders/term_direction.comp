// dot * max(0.1, cos)^k, the mean over positions: dot = <a, v>, cos = dot / ((1e-4 + |a|) (1e-4 + |v|)).
#version 450
#extension GL_GOOGLE_include_directive : require
#include "term_factors.glsl"

layout(binding = 3) readonly buffer Terms { DirectionTerm terms[]; };

void main() {
  const DirectionTerm t = terms[image()];
  float sum = 0.0;
  for (int i = lane(); i < pixels(); i += 64) {
    vec2 factor = vec2(0.0);
    if (uint(i % p.columns - t.x) < uint(t.width) && uint(i / p.columns - t.y) < uint(t.height)) {
      const vec2 pair = pairs[image() * pixels() + i];
      const float dot = pair.x, norm = sqrt(pair.y);
      const float scale = 1.0 / ((1e-4 + norm) * (1e-4 + t.norm));
      const float cosine = dot * scale;
      const float sharp = raised(max(0.1, cosine), t.power);
      sum += dot * sharp;
      factor.x = sharp;
      if (cosine > 0.1 && t.power > 0.0) {
        // d cos = scale v - dot scale / (|a| (1e-4 + |a|)) a
        const float by_cosine = t.power * dot * sharp / cosine;
        factor.x += by_cosine * scale;
        factor.y = norm > 0.0 ? -by_cosine * dot * scale / (norm * (1e-4 + norm)) : 0.0;
      }
      factor *= t.weight;
    }
    factors[image() * pixels() + i] = factor;
  }
  store_value(t.weight * reduce_sum(sum));
}
