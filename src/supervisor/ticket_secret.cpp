#include "supervisor/ticket_secret.h"

#include <array>
#include <cerrno>
#include <string_view>
#include <sys/random.h>

#include "config/file_text.h"
#include "config/limits.h"

namespace seki::supervisor {

Result<std::string> make_ticket_secret() {
    std::array<char, config::min_ticket_secret_size> secret;
    if (::getrandom(secret.data(), secret.size(), 0) == static_cast<ssize_t>(secret.size()))
        return std::string(secret.begin(), secret.end());
    return failure("no randomness for session tickets: {}", system_error(errno));
}

Result<std::string> read_ticket_secret(const std::string& path) {
    const auto read = config::read_file_text(path, config::max_ticket_secret_size);
    if (!read) return failure("{}: {}", path, read.error().message);
    const std::string_view secret = *read;
    if (secret.size() >= config::min_ticket_secret_size) return std::string(secret);
    return failure("{}: {} bytes are too few for a secret; {} is the least", path, secret.size(),
                   config::min_ticket_secret_size);
}

}  // namespace seki::supervisor
