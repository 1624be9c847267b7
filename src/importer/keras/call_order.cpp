#include "importer/keras/call_order.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <unordered_map>

#include <fmt/format.h>

#include "base/error.h"

namespace convscope::keras {

std::vector<CallStep> call_order(const std::string &file, const ModelConfig &model) {
  std::unordered_map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < model.layers.size(); ++i)
    if (!index.emplace(model.layers[i].name, i).second)
      throw UserError(fmt::format("{}: has two layers named '{}'", file, model.layers[i].name));

  std::vector<CallStep> all;
  std::vector<std::size_t> first(model.layers.size()); // of each layer in `all`
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    first[i] = all.size();
    const bool input = model.layers[i].kind == "InputLayer";
    for (std::size_t call = 0; call < std::max<std::size_t>(model.layers[i].calls.size(), input ? 1 : 0); ++call)
      all.push_back({i, call});
  }
  std::vector<std::vector<std::size_t>> readers(all.size());
  std::vector<std::size_t> waits(all.size());
  for (std::size_t step = 0; step < all.size(); ++step) {
    const LayerConfig &layer = model.layers[all[step].layer];
    if (layer.calls.empty())
      continue;
    for (const Operand &operand : layer.calls[all[step].call])
      for (const TensorRef &tensor : operand.tensors) {
        // What is not there is waited for by no one: the layer that reads it can't be run, which is found out later.
        const auto found = index.find(tensor.layer);
        if (found == index.end())
          continue;
        const std::size_t calls = std::max<std::size_t>(model.layers[found->second].calls.size(), 1);
        // Files of nested models count calls from where they were nested.
        const std::size_t call = std::min<std::size_t>(static_cast<std::size_t>(tensor.call), calls - 1);
        const std::size_t source = first[found->second] + call;
        if (source >= all.size() || all[source].layer != found->second)
          continue;
        readers[source].push_back(step);
        ++waits[step];
      }
  }
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t step = 0; step < all.size(); ++step)
    if (waits[step] == 0)
      ready.push(step);
  std::vector<CallStep> order;
  while (!ready.empty()) {
    const std::size_t step = ready.top();
    ready.pop();
    order.push_back(all[step]);
    for (const std::size_t reader : readers[step])
      if (--waits[reader] == 0)
        ready.push(reader);
  }
  if (order.size() == all.size())
    return order;
  const auto stuck = std::find_if(waits.begin(), waits.end(), [](std::size_t count) { return count > 0; });
  throw UserError(fmt::format("{}: layer '{}' reads its own output by way of others", file,
                              model.layers[all[static_cast<std::size_t>(stuck - waits.begin())].layer].name));
}

} // namespace convscope::keras
