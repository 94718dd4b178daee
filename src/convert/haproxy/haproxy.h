#pragma once

// Files of HAProxy.

#include <string>

#include "convert/convert.h"
#include "convert/model.h"

namespace seki::convert::haproxy {

Result<Model> read(const std::string& path, const Files& files, Remarks& remarks);

}  // namespace seki::convert::haproxy
