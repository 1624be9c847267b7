// Items of work in a line, for kernels of local size 64. Workgroups that do not fit on the x axis go on along y
// (spread_groups in src/plan/layout.h).
int linear_item() {
  return int((gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * 64u + gl_LocalInvocationID.x);
}
// The same where y is the image: they go on along z (image_groups in src/visualization/groups.h).
int item_of_image() {
  return int((gl_WorkGroupID.z * gl_NumWorkGroups.x + gl_WorkGroupID.x) * 64u + gl_LocalInvocationID.x);
}
