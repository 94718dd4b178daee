#pragma once

// The JSON of --json and the addresses in tables are those of state files (config/state_file/serde.h).

#include "config/address_text.h"
#include "config/state_file/serde.h"

namespace seki::ctl {

using config::address_text;
using config::from_json;
using config::from_json_text;
using config::Json;
using config::json_indent;
using config::json_text;
using config::Spelling;
using config::to_json;

}  // namespace seki::ctl
