#include "config/check/captures.h"

#include "routing/host_pattern.h"
#include "routing/regex.h"

namespace seki::config {
namespace {

size_t host_captures(std::string_view pattern) {
    switch (routing::host_kind(pattern)) {
        case routing::HostKind::exact:
            return 0;
        case routing::HostKind::wildcard:
        case routing::HostKind::any:
            return 1;
        case routing::HostKind::regex:
            break;
    }
    const auto compiled = routing::HostRegex::compile(pattern);
    return compiled ? compiled->groups() : 0;
}

size_t path_captures(const command::PathRule& path) {
    switch (path.kind()) {
        case command::EQUALS:
            return 0;
        case command::PREFIX:
            return 1;
        case command::REGEX:
            break;
    }
    const auto compiled = routing::Regex::compile(path.value(), routing::Letters::as_written);
    return compiled ? compiled->groups() : 0;
}

}  // namespace

Captures captures_of(const command::RequestHttpFrontend& frontend) {
    return {host_captures(frontend.hostname()), path_captures(frontend.path())};
}

}  // namespace seki::config
