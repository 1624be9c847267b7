// Dear ImGui's triangles: a texture (glyphs, or a picture) times a colour.
#version 450

layout(set = 0, binding = 0) uniform sampler2D source;
layout(location = 0) in vec2 uv;
layout(location = 1) in vec4 colour;
layout(location = 0) out vec4 result;

void main() { result = colour * texture(source, uv); }
