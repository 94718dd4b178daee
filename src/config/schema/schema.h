#pragma once

// The JSON schema of the configuration file, for editors: which keys there are, of which type, and what they mean. It
// is made of what the reader of the file asks for (toml/survey.h) and of what docs/configuration.md says, so it is
// right as long as those are. Of the bounds it has those that the reader knows; rules between keys it has none.
//
// Draft 7, which is what taplo reads (https://json-schema.org/draft-07/json-schema-validation).

#include <span>
#include <string>

#include "config/schema/described_keys.h"
#include "config/toml/survey.h"

namespace seki::config {

// Ends with a line feed.
std::string file_schema();

std::string file_schema(const TableSurvey& survey, std::span<const DescribedKey> described);

}  // namespace seki::config
