// The workshop's examination of the device, a part at a time: Help, "Check this device...".
#include "viewer/workshop.h"

namespace convscope::viewer {

void Workshop::begin_device_check() {
  device_check_ = {};
  device_check_.number = now_.device_check;
  examination_.reset();
  if (now_.device_check == 0)
    return;
  examination_.emplace(session_, false);
  device_check_.parts = examination_->parts();
  device_check_.next = examination_->next();
}

void Workshop::go_on_with_device_check() {
  const bool more = examination_->advance();
  device_check_.done = examination_->done();
  if (more) {
    device_check_.next = examination_->next();
  } else {
    const doctor::Diagnosis diagnosis = examination_->finish();
    examination_.reset();
    device_check_.text = doctor::diagnosis_text(diagnosis);
    device_check_.verdict = doctor::verdict(diagnosis);
    device_check_.all_right = diagnosis.all_right();
  }
  publish();
}

} // namespace convscope::viewer
