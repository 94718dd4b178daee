#pragma once

// One test of HAProxy ("hdr(host) -i shop.example www.shop.example") as atoms, of which one is enough.

#include <span>
#include <string>
#include <vector>

#include "convert/haproxy/condition.h"

namespace seki::convert::haproxy {

std::vector<Atom> atoms_of(std::span<const std::string> words);

}  // namespace seki::convert::haproxy
