#version 450
#extension GL_GOOGLE_include_directive : require
#define EXACT
#include "softmax.glsl"
