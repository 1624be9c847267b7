#include "vulkan/recording.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "vulkan/breadcrumbs.h"

namespace convscope::vulkan {
namespace {

constexpr std::uint32_t sets_a_pool = 64, buffers_a_pool = 64 * 8, queries_a_pool = 4096;

// All of the slice as vec4s; the last may reach past it, into what buffers (Buffer) and arenas have to spare.
VkDeviceSize quads_of(const Slice &slice) { return (slice.bytes + texel_bytes - 1) / texel_bytes * texel_bytes; }

} // namespace

struct Recording::State {
  const Device &device;
  std::string name;
  bool timed = false, finished = false, ran = false;
  Trail trail;
  VkCommandBuffer commands = VK_NULL_HANDLE;
  std::vector<Handle<VkBufferView, vkDestroyBufferView>> views; // the sets refer to them
  std::vector<Handle<VkDescriptorPool, vkDestroyDescriptorPool>> pools;
  std::uint32_t free_sets = 0, free_buffers = 0; // of the last pool
  std::vector<Handle<VkQueryPool, vkDestroyQueryPool>> queries;
  std::vector<Timing> timings; // one for each pair of queries, without its time

  State(const Device &on, std::string_view called, bool with_times)
      : device(on), name(called), timed(with_times && on.info().timestamps), trail(name, on.breadcrumbs()) {
    VkCommandBufferAllocateInfo request{};
    request.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
    request.commandPool = device.pool();
    request.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
    request.commandBufferCount = 1;
    check(vkAllocateCommandBuffers(device.handle(), &request, &commands), "vkAllocateCommandBuffers",
          "recording " + name);
  }
  State(const State &) = delete;
  State &operator=(const State &) = delete;
  ~State() { vkFreeCommandBuffers(device.handle(), device.pool(), 1, &commands); }

  void demand_open() const {
    if (finished)
      throw std::logic_error(fmt::format("the recording {} is finished", name));
  }

  VkBufferView make_view(const Slice &slice);
  VkDescriptorSet make_set(const Program &program, std::span<const Slice> slices);
  void stamp(std::uint32_t query);
  template <typename Record> void with_times(std::string_view label, std::string_view shader, Record record);
  void global_barrier(VkAccessFlags to, VkPipelineStageFlags to_stages) const;
};

VkBufferView Recording::State::make_view(const Slice &slice) {
  VkBufferViewCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO;
  create.buffer = slice.buffer;
  create.format = VK_FORMAT_R32G32B32A32_SFLOAT;
  create.offset = slice.offset;
  create.range = quads_of(slice);
  VkBufferView view = VK_NULL_HANDLE;
  check(vkCreateBufferView(device.handle(), &create, nullptr, &view), "vkCreateBufferView", "recording " + name);
  views.emplace_back(device.handle(), view);
  device.name(VK_OBJECT_TYPE_BUFFER_VIEW, handle_value(view), name);
  return view;
}

VkDescriptorSet Recording::State::make_set(const Program &program, std::span<const Slice> slices) {
  const auto count = static_cast<std::uint32_t>(slices.size());
  if (free_sets == 0 || free_buffers < count) {
    const std::uint32_t buffers = std::max(buffers_a_pool, count);
    const VkDescriptorPoolSize sizes[] = {{descriptor_type(false), buffers}, {descriptor_type(true), buffers}};
    VkDescriptorPoolCreateInfo create{};
    create.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO;
    create.maxSets = sets_a_pool;
    create.poolSizeCount = 2;
    create.pPoolSizes = sizes;
    VkDescriptorPool pool = VK_NULL_HANDLE;
    check(vkCreateDescriptorPool(device.handle(), &create, nullptr, &pool), "vkCreateDescriptorPool",
          "recording " + name);
    pools.emplace_back(device.handle(), pool);
    device.name(VK_OBJECT_TYPE_DESCRIPTOR_POOL, handle_value(pool), name);
    free_sets = sets_a_pool;
    free_buffers = buffers;
  }
  const VkDescriptorSetLayout layout = program.set_layout();
  VkDescriptorSetAllocateInfo request{};
  request.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO;
  request.descriptorPool = pools.back().get();
  request.descriptorSetCount = 1;
  request.pSetLayouts = &layout;
  VkDescriptorSet set = VK_NULL_HANDLE;
  check(vkAllocateDescriptorSets(device.handle(), &request, &set), "vkAllocateDescriptorSets", "recording " + name);
  --free_sets;
  free_buffers -= count;
  device.name(VK_OBJECT_TYPE_DESCRIPTOR_SET, handle_value(set), name + " " + program.name());

  std::vector<VkDescriptorBufferInfo> buffers(count);
  std::vector<VkBufferView> texels(count);
  std::vector<VkWriteDescriptorSet> writes(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const bool texel = program.is_texels(i);
    if (texel)
      texels[i] = make_view(slices[i]);
    buffers[i] = {slices[i].buffer, slices[i].offset, program.is_quads(i) ? quads_of(slices[i]) : slices[i].bytes};
    writes[i].sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
    writes[i].dstSet = set;
    writes[i].dstBinding = i;
    writes[i].descriptorCount = 1;
    writes[i].descriptorType = descriptor_type(texel);
    writes[i].pBufferInfo = &buffers[i];
    writes[i].pTexelBufferView = &texels[i];
  }
  vkUpdateDescriptorSets(device.handle(), count, writes.data(), 0, nullptr);
  return set;
}

// A timestamp when everything before it has ended, so that a step's time does not include the wait for others.
void Recording::State::stamp(std::uint32_t query) {
  if (query / queries_a_pool == queries.size()) {
    VkQueryPoolCreateInfo create{};
    create.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO;
    create.queryType = VK_QUERY_TYPE_TIMESTAMP;
    create.queryCount = queries_a_pool;
    VkQueryPool pool = VK_NULL_HANDLE;
    check(vkCreateQueryPool(device.handle(), &create, nullptr, &pool), "vkCreateQueryPool", "recording " + name);
    queries.emplace_back(device.handle(), pool);
    device.name(VK_OBJECT_TYPE_QUERY_POOL, handle_value(pool), name);
    vkCmdResetQueryPool(commands, pool, 0, queries_a_pool);
  }
  vkCmdWriteTimestamp(commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, queries.back().get(), query % queries_a_pool);
}

template <typename Record>
void Recording::State::with_times(std::string_view label, std::string_view shader, Record record) {
  if (!timed) {
    record();
    return;
  }
  const auto query = static_cast<std::uint32_t>(timings.size()) * 2;
  stamp(query);
  record();
  stamp(query + 1);
  timings.push_back({std::string(label), std::string(shader)});
}

void Recording::State::global_barrier(VkAccessFlags to, VkPipelineStageFlags to_stages) const {
  constexpr VkPipelineStageFlags work = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
  VkMemoryBarrier memory{};
  memory.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER;
  memory.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
  memory.dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_READ_BIT |
                         VK_ACCESS_TRANSFER_WRITE_BIT | to;
  vkCmdPipelineBarrier(commands, work, work | to_stages, 0, 1, &memory, 0, nullptr, 0, nullptr);
}

Recording::Recording(const Device &device, std::string_view name, bool timed)
    : state_(std::make_unique<State>(device, name, timed)) {
  device.name(VK_OBJECT_TYPE_COMMAND_BUFFER, handle_value(commands()), name);
  VkCommandBufferBeginInfo begin{};
  begin.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
  check(vkBeginCommandBuffer(commands(), &begin), "vkBeginCommandBuffer", "recording " + state_->name);
  mark(); // the recording before it ended with a barrier
}

Recording::Recording(Recording &&) noexcept = default;
Recording &Recording::operator=(Recording &&) noexcept = default;
Recording::~Recording() = default;

void Recording::dispatch(const Program &program, std::array<std::uint32_t, 3> groups, std::span<const std::byte> push,
                         std::span<const Slice> slices, std::string_view label) {
  dispatch_part(program, {0, 0, 0}, groups, push, slices, label);
}

void Recording::dispatch_part(const Program &program, std::array<std::uint32_t, 3> first,
                              std::array<std::uint32_t, 3> groups, std::span<const std::byte> push,
                              std::span<const Slice> slices, std::string_view label) {
  State &s = *state_;
  s.demand_open();
  const DeviceInfo &info = s.device.info();
  const auto refuse = [&](const std::string &what) {
    throw std::logic_error(fmt::format("dispatch {} of {}: {}", label, program.name(), what));
  };
  if (slices.size() != program.bindings())
    refuse(fmt::format("{} slices for {} bindings", slices.size(), program.bindings()));
  if (push.size() != program.push_bytes())
    refuse(fmt::format("{} bytes of push constants instead of {}", push.size(), program.push_bytes()));
  for (int axis = 0; axis < 3; ++axis)
    if (groups[axis] == 0 || groups[axis] > info.max_groups[axis])
      refuse(fmt::format("{} groups on axis {}, where {} fit", groups[axis], axis, info.max_groups[axis]));
  for (std::size_t i = 0; i < slices.size(); ++i) {
    if (slices[i].buffer == VK_NULL_HANDLE || slices[i].bytes == 0)
      refuse(fmt::format("slice {} is empty", i));
    if (slices[i].bytes > info.max_storage_range)
      refuse(fmt::format("slice {} has {} bytes, where {} fit", i, slices[i].bytes, info.max_storage_range));
    if (slices[i].offset % info.storage_alignment != 0)
      refuse(fmt::format("slice {} begins at {}, which is no multiple of {}", i, slices[i].offset,
                         info.storage_alignment));
    if (program.is_texels(static_cast<std::uint32_t>(i)) &&
        (slices[i].offset % info.texel_alignment != 0 || slices[i].bytes > info.max_texels * texel_bytes))
      refuse(fmt::format("slice {} of {} bytes at {} can't be bound as texels", i, slices[i].bytes, slices[i].offset));
  }
  s.device.check_interrupt(); // the program may still be in the making, and others before it
  const VkDescriptorSet set = s.make_set(program, slices);
  s.trail.add_step(label, program.name());
  s.with_times(label, program.kind(), [&] {
    vkCmdBindPipeline(s.commands, VK_PIPELINE_BIND_POINT_COMPUTE, program.pipeline());
    vkCmdBindDescriptorSets(s.commands, VK_PIPELINE_BIND_POINT_COMPUTE, program.layout(), 0, 1, &set, 0, nullptr);
    if (!push.empty())
      vkCmdPushConstants(s.commands, program.layout(), VK_SHADER_STAGE_COMPUTE_BIT, 0,
                         static_cast<std::uint32_t>(push.size()), push.data());
    if (first == std::array<std::uint32_t, 3>{})
      vkCmdDispatch(s.commands, groups[0], groups[1], groups[2]);
    else
      vkCmdDispatchBase(s.commands, first[0], first[1], first[2], groups[0], groups[1], groups[2]);
  });
}

void Recording::barrier() {
  state_->demand_open();
  state_->global_barrier(0, 0);
}

void Recording::fill(const Slice &slice, std::uint32_t word) {
  state_->demand_open();
  if (slice.buffer == VK_NULL_HANDLE || slice.bytes == 0 || slice.offset % 4 != 0 || slice.bytes % 4 != 0)
    throw std::logic_error(fmt::format("fill of {} bytes at {} in {}", slice.bytes, slice.offset, state_->name));
  state_->trail.add_step("a fill", {});
  vkCmdFillBuffer(state_->commands, slice.buffer, slice.offset, slice.bytes, word);
}

void Recording::copy(const Slice &from, const Slice &to) {
  state_->demand_open();
  const bool overlap =
      from.buffer == to.buffer && from.offset < to.offset + to.bytes && to.offset < from.offset + from.bytes;
  if (from.buffer == VK_NULL_HANDLE || to.buffer == VK_NULL_HANDLE || from.bytes == 0 || from.bytes != to.bytes ||
      overlap)
    throw std::logic_error(fmt::format("copy of {} bytes at {} to {} bytes at {} in {}", from.bytes, from.offset,
                                       to.bytes, to.offset, state_->name));
  state_->trail.add_step("a copy", {});
  const VkBufferCopy region{from.offset, to.offset, from.bytes};
  vkCmdCopyBuffer(state_->commands, from.buffer, to.buffer, 1, &region);
}

void Recording::custom(const std::function<void(VkCommandBuffer)> &record, std::string_view label) {
  state_->demand_open();
  state_->trail.add_step(label, {});
  state_->with_times(label, {}, [&] { record(state_->commands); });
}

void Recording::mark() {
  state_->demand_open();
  if (Breadcrumbs *crumbs = state_->device.breadcrumbs())
    state_->trail.add_mark(crumbs->drop(state_->commands));
}

void Recording::finish() {
  state_->demand_open();
  // Also orders this recording before later submissions, and shows its writes to the host.
  state_->global_barrier(VK_ACCESS_HOST_READ_BIT, VK_PIPELINE_STAGE_HOST_BIT);
  check(vkEndCommandBuffer(state_->commands), "vkEndCommandBuffer", "recording " + state_->name);
  state_->finished = true;
}

void Recording::run(std::string_view doing) const {
  Flight flight(state_->device);
  submit(flight, std::string(doing));
  flight.land();
}

void Recording::submit(Flight &flight, std::string doing, Flight::Landed landed) const {
  if (!state_->finished)
    throw std::logic_error(fmt::format("the recording {} is run before it is finished", state_->name));
  flight.submit(state_->commands, std::move(doing), std::move(landed), &state_->trail);
  state_->ran = true;
}

VkCommandBuffer Recording::commands() const { return state_->commands; }

std::uint64_t elapsed_ticks(std::uint64_t begin, std::uint64_t end, std::uint32_t bits) {
  return (end - begin) & (bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1);
}

std::vector<Recording::Timing> Recording::timings() const {
  const State &s = *state_;
  if (!s.ran || s.timings.empty())
    return {};
  std::vector<Timing> timings = s.timings;
  std::vector<std::uint64_t> ticks(timings.size() * 2);
  for (std::size_t first = 0; first < ticks.size(); first += queries_a_pool) {
    const std::size_t count = std::min<std::size_t>(ticks.size() - first, queries_a_pool);
    check(vkGetQueryPoolResults(s.device.handle(), s.queries[first / queries_a_pool].get(), 0,
                                static_cast<std::uint32_t>(count), count * sizeof ticks[0], &ticks[first],
                                sizeof ticks[0], VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT),
          "vkGetQueryPoolResults", "reading the times of " + s.name);
  }
  const DeviceInfo &info = s.device.info();
  for (std::size_t i = 0; i < timings.size(); ++i)
    timings[i].milliseconds = static_cast<double>(elapsed_ticks(ticks[2 * i], ticks[2 * i + 1], info.timestamp_bits)) *
                              info.timestamp_period_ns * 1e-6;
  return timings;
}

} // namespace convscope::vulkan
