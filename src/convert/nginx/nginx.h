#pragma once

// Files of nginx.

#include <string>

#include "convert/convert.h"
#include "convert/model.h"

namespace seki::convert::nginx {

Result<Model> read(const std::string& path, const Files& files, Remarks& remarks);

}  // namespace seki::convert::nginx
