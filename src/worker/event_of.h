#pragma once

// What happened in a worker, as those who subscribed to events are told it.

#include "command.pb.h"
#include "proxy/recorder.h"

namespace seki::worker {

command::Event event_of(const proxy::Happening& happening);

}  // namespace seki::worker
