#include "supervisor/ticket_secret.h"

#include <cerrno>
#include <sys/random.h>

namespace seki::supervisor {

Result<std::string> make_ticket_secret() {
    std::string secret(ticket_secret_bytes, '\0');
    const ssize_t got = ::getrandom(secret.data(), secret.size(), 0);
    if (got == static_cast<ssize_t>(secret.size())) return secret;
    return failure("no randomness for session tickets: {}", system_error(errno));
}

}  // namespace seki::supervisor
