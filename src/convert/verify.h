#pragma once

// Nothing is printed that Seki would not take. What a reader let through and the configuration's own check refuses is
// taken out again and told.

#include <string>
#include <string_view>

#include "config/toml/file.h"
#include "convert/model.h"

namespace seki::convert {

// The text of the model, without what is refused; remarks say what was, and which files of certificates are not as they
// should be.
Result<std::string> verified_text(Model& model, std::string_view source, const config::ReadFile& read_file,
                                  Remarks& remarks);

}  // namespace seki::convert
