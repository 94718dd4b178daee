#pragma once

// Writes a state down in a form that StateFileReader reads: JSON as Sōzu does (each field of each record, a line break
// and a NUL behind it), or protobuf.

#include <cstdint>
#include <string>

#include "base/result.h"
#include "config/file_draft.h"
#include "config/snapshot.h"
#include "config/state.h"
#include "config/state_file/reader.h"

namespace seki::config {

// Leaves out private keys, and with them their certificates, which would be of no use, and what keys are derived from.
// Hashes of passwords stay. False when nothing is left of it.
bool leave_out_keys(command::Request& change);
// For who leaves out keys: the text of a certificate is long in the making, only to be left out.
Snapshot::FillCertificate certificates_filled(bool without_keys);

void append_record(std::string& text, StateForm form, uint64_t number, command::Request change);

// The whole state, into a file that is then there as a whole or not at all: on the disk before it takes the place of
// what was there, readable for its owner only. Returns how many records it has. Takes long. An error leaves no draft.
Result<uint64_t> write_state(const State& state, const FileTarget& target, bool without_keys);

}  // namespace seki::config
