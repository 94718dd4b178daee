#include "worker/arrivals.h"

#include <algorithm>
#include <utility>

#include "worker/moved.h"
#include "worker/moving_exchange.h"

namespace seki::worker {

Arrivals::Arrivals(EventLoop& loop, UniqueFd socket, Taker taker)
    : channel_(loop, std::move(socket), command::Channel::Limits::between_workers(), *this), taker_(std::move(taker)) {}

// Moved and Yours go the same way. Of Yours nothing but the id is there.
void Arrivals::on_frame(std::string_view payload) {
    Moved moved;
    if (!moved.ParseFromArray(payload.data(), static_cast<int>(payload.size())))
        return on_closed("what was given cannot be read");
    std::vector<UniqueFd> fds = channel_.take_fds(moved.descriptors());
    auto waiting = waiting_.extract(moved.id());
    if (waiting.empty()) return arrived(std::move(moved), std::move(fds));
    if (const auto* const exchange = std::get_if<net::SessionId>(&waiting.mapped()))
        return taker_.go_on_with(*exchange);
    taker_.go_on(std::get<RestingClient>(std::move(waiting.mapped())));
}

void Arrivals::arrived(Moved moved, std::vector<UniqueFd> fds) {
    Taken taken;
    taken.set_id(moved.id());
    if (auto result = take(moved, std::move(fds))) {
        waiting_.emplace(moved.id(), std::move(*result));
    } else {
        taken.set_refused(result.error().message);
    }
    if (auto sent = channel_.send(taken); !sent) on_closed(sent.error().message);
}

Result<Arrivals::Waiting> Arrivals::take(Moved& moved, std::vector<UniqueFd> fds) {
    // A field that this version does not know may be what matters.
    if (!moved.unknown_fields().empty()) return failure("it is of another version");
    switch (moved.kind_case()) {
        case Moved::kIdleClient:
            return take(*moved.mutable_idle_client(), std::move(fds));
        case Moved::kExchange:
            return take(*moved.mutable_exchange(), std::move(fds));
        case Moved::KIND_NOT_SET:
            break;
    }
    return failure("it is of another version");
}

Result<Arrivals::Waiting> Arrivals::take(IdleClient& client, std::vector<UniqueFd> fds) {
    std::string secrets = std::move(*client.mutable_tls());
    client.clear_tls();
    auto taken = client.unknown_fields().empty() ? take(client, secrets, std::move(fds))
                                                 : Result<Waiting>(failure("it is of another version"));
    wipe(secrets);
    return taken;
}

Result<Arrivals::Waiting> Arrivals::take(const IdleClient& client, const std::string& secrets,
                                         std::vector<UniqueFd> fds) {
    if (fds.size() != 1) return failure("too many descriptors are open");
    auto taken = taker_.take(client, secrets, std::move(fds.front()), without_session());
    if (!taken) return std::unexpected(taken.error());
    return Waiting(std::move(*taken));
}

Result<Arrivals::Waiting> Arrivals::take(MovedExchange& exchange, std::vector<UniqueFd> fds) {
    const auto taken = taker_.take_exchange(exchange, std::move(fds), without_session());
    wipe(exchange);
    if (!taken) return std::unexpected(taken.error());
    return Waiting(*taken);
}

size_t Arrivals::without_session() const {
    return static_cast<size_t>(std::ranges::count_if(
        waiting_, [](const auto& one) { return std::holds_alternative<RestingClient>(one.second); }));
}

void Arrivals::on_closed(const std::string& reason) {
    channel_.close();
    const size_t dropped = drop_all();
    taker_.on_end(*this, reason, dropped);
}

void Arrivals::end() {
    channel_.close();
    drop_all();
}

size_t Arrivals::drop_all() {
    const size_t dropped = waiting_.size();
    for (const auto& [id, waiting] : std::exchange(waiting_, {})) {
        if (const auto* const exchange = std::get_if<net::SessionId>(&waiting)) taker_.drop(*exchange);
    }
    return dropped;
}

}  // namespace seki::worker
