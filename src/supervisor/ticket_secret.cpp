#include "supervisor/ticket_secret.h"

#include <array>
#include <cerrno>
#include <string_view>
#include <sys/random.h>
#include <utility>

#include "config/file_text.h"
#include "config/limits.h"

namespace seki::supervisor {
namespace {

Result<std::string> make_ticket_secret() {
    std::array<char, config::min_ticket_secret_size> secret;
    if (::getrandom(secret.data(), secret.size(), 0) == static_cast<ssize_t>(secret.size()))
        return std::string(secret.begin(), secret.end());
    return failure("no randomness for session tickets: {}", system_error(errno));
}

}  // namespace

Result<std::string> read_ticket_secret(const std::string& path) {
    const auto read = config::read_file_text(path, config::max_ticket_secret_size);
    if (!read) return failure("{}: {}", path, read.error().message);
    const std::string_view secret = *read;
    if (secret.size() >= config::min_ticket_secret_size) return std::string(secret);
    return failure("{}: {} bytes are too few for a secret; {} is the least", path, secret.size(),
                   config::min_ticket_secret_size);
}

Result<> TicketSecrets::begin(const std::string& file) {
    if (!current_.empty()) return {};
    auto secret = file.empty() ? make_ticket_secret() : read_ticket_secret(file);
    if (!secret) return std::unexpected(secret.error());
    current_ = std::move(*secret);
    return {};
}

void TicketSecrets::set(const std::string& secret, WallTime now) {
    if (secret == current_) return;
    if (!current_.empty()) former_.push_back({std::move(current_), now});
    if (former_.size() > most_former) former_.pop_front();
    current_ = secret;
}

template <typename Message>
void TicketSecrets::tell_to(Message& message) const {
    message.set_ticket_secret(current_);
    for (const Former& former : former_) {
        worker::FormerTicketSecret& told = *message.add_former_ticket_secrets();
        told.set_secret(former.secret);
        told.set_until_ms(former.until.time_since_epoch() / std::chrono::milliseconds(1));
    }
}

void TicketSecrets::tell(worker::Hello& hello) const { tell_to(hello); }

void TicketSecrets::hand_over(handover::Workers& left) const { tell_to(left); }

void TicketSecrets::take_over(const handover::Workers& left) {
    current_ = left.ticket_secret();
    for (const worker::FormerTicketSecret& told : left.former_ticket_secrets()) {
        former_.push_back({told.secret(), WallTime(std::chrono::milliseconds(told.until_ms()))});
    }
}

}  // namespace seki::supervisor
