#include "worker/arrivals.h"

#include <openssl/crypto.h>
#include <utility>

namespace seki::worker {

Arrivals::Arrivals(EventLoop& loop, UniqueFd socket, Taker taker)
    : channel_(loop, std::move(socket), command::Channel::Limits::between_workers(), *this), taker_(std::move(taker)) {}

// Moved and Yours go the same way. Of Yours nothing but the id is there.
void Arrivals::on_frame(std::string_view payload) {
    Moved moved;
    if (!moved.ParseFromArray(payload.data(), static_cast<int>(payload.size())))
        return on_closed("what was given cannot be read");
    auto waiting = waiting_.extract(moved.id());
    if (waiting.empty()) return arrived(std::move(moved));
    taker_.go_on(std::move(waiting.mapped()));
}

void Arrivals::arrived(Moved moved) {
    std::vector<UniqueFd> fds = channel_.take_fds(moved.descriptors());
    Taken taken;
    taken.set_id(moved.id());
    if (auto result = take(moved, std::move(fds)); !result) taken.set_refused(result.error().message);
    if (auto sent = channel_.send(taken); !sent) on_closed(sent.error().message);
}

Result<> Arrivals::take(Moved& moved, std::vector<UniqueFd> fds) {
    if (!moved.has_idle_client()) return failure("it is of another version");
    IdleClient& client = *moved.mutable_idle_client();
    std::string secrets = std::move(*client.mutable_tls());
    client.clear_tls();
    auto taken = take(client, secrets, std::move(fds));
    OPENSSL_cleanse(secrets.data(), secrets.size());
    if (!taken) return std::unexpected(taken.error());
    waiting_.emplace(moved.id(), std::move(*taken));
    return {};
}

Result<RestingClient> Arrivals::take(const IdleClient& client, const std::string& secrets, std::vector<UniqueFd> fds) {
    // A field that this version does not know may be what matters.
    if (!client.unknown_fields().empty()) return failure("it is of another version");
    if (fds.size() != 1) return failure("too many descriptors are open");
    return taker_.take(client, secrets, std::move(fds.front()), waiting_.size());
}

void Arrivals::on_closed(const std::string& reason) {
    channel_.close();
    const size_t dropped = waiting_.size();
    waiting_.clear();
    taker_.on_end(*this, reason, dropped);
}

}  // namespace seki::worker
