#pragma once

// What handshakes come to, in figures and in the log. What a client did wrong is worth a line only to who looks for it:
// every scanner of the internet would fill the log.

#include "observe/log.h"
#include "observe/metrics.h"
#include "tls/engine.h"

namespace seki::worker {

void note_handshake(const tls::HandshakeReport& report, observe::Metrics& metrics, observe::Log& log);

}  // namespace seki::worker
