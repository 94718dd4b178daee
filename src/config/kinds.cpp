#include "config/kinds.h"

namespace seki::config {

std::string RouteKey::text() const {
    char kind = 'P';
    if (path_kind == command::REGEX) kind = 'R';
    if (path_kind == command::EQUALS) kind = '=';
    std::string text = fmt::format("{};{};{}{}", address.text(), hostname, kind, path);
    if (!method.empty()) text += ';' + method;
    return text;
}

RouteKey route_key(const command::RequestHttpFrontend& frontend) {
    return {frontend.hostname(), checked_address(frontend.address()), frontend.path().kind(), frontend.path().value(),
            frontend.method()};
}

}  // namespace seki::config
