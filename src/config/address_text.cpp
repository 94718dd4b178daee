#include "config/address_text.h"

#include "config/convert.h"

namespace seki::config {

std::string address_text(const command::SocketAddress& address) {
    const Result<SocketAddress> known = config::from_wire(address);
    return known ? known->text() : "?";
}

}  // namespace seki::config
