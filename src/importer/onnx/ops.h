// What each op of ONNX becomes.
#pragma once

#include <string>

#include "importer/onnx/step.h"

namespace convscope::onnx_import {

using Rule = void (*)(Step &);

// Null where the op can't be taken over. A rule throws NotSupported where it can't take over this use of its op, or
// where the node is damaged.
Rule rule_of(const std::string &domain, const std::string &op);
// What is to be said of an op that has no rule.
std::string unknown_op(const std::string &domain, const std::string &op);

// ---- The rules, by family ----

void conv(Step &step);
void conv_transpose(Step &step);
void gemm(Step &step);
void mat_mul(Step &step);
void batch_normalization(Step &step);
// By the batch's own mean and variance: an attribute says so, and before opset 14 the outputs that they go to.
bool normalizes_as_in_training(Step &step);

void unary(Step &step); // of one input, no parameters or attributes alone
void clip(Step &step);
void p_relu(Step &step);
void arithmetic(Step &step); // Add, Sub, Mul, Div, Pow
void many(Step &step);       // Sum, Mean, Max, Min
void same(Step &step);       // Identity, Dropout, Cast between floats

void max_pool(Step &step);
void average_pool(Step &step);
void global_pool(Step &step);
void reduce(Step &step);
void softmax(Step &step);

void instance_normalization(Step &step);
void layer_normalization(Step &step);
void group_normalization(Step &step);
void lp_normalization(Step &step);
void mean_variance_normalization(Step &step);
void lrn(Step &step);

void concat(Step &step);
void split(Step &step);
void slice(Step &step);
void gather(Step &step);
void pad(Step &step);
void resize(Step &step);
void tile(Step &step);
void expand(Step &step);
void depth_to_space(Step &step);
void space_to_depth(Step &step);

void reshape(Step &step);
void flatten(Step &step);
void squeeze(Step &step);
void unsqueeze(Step &step);
void transpose(Step &step);
void quantize(Step &step);
void dequantize(Step &step);
void dynamic_quantize(Step &step);

void shape_of(Step &step);
void size_of(Step &step);

} // namespace convscope::onnx_import
