#pragma once

// What the peer, the operator or the system can do wrong is a value: Result<T> carries either the T or a Failure whose
// message is a sentence for people. Our own bugs are CHECKs (check.h); there is no third way, and exceptions are not
// control flow.

#include <expected>
#include <fmt/format.h>
#include <string>
#include <utility>

namespace seki {

struct Failure {
    std::string message;
};

template <typename T = void>
using Result = std::expected<T, Failure>;

// return failure("{}: cannot open: {}", path, reason);
template <typename... Args>
[[nodiscard]] std::unexpected<Failure> failure(fmt::format_string<Args...> format, Args&&... args) {
    return std::unexpected(Failure{fmt::format(format, std::forward<Args>(args)...)});
}

// What `error`, an errno value, means: "Connection refused". Thread-safe.
std::string system_error(int error);

}  // namespace seki
