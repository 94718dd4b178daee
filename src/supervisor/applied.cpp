#include "supervisor/applied.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "config/convert.h"
#include "config/strict_verb.h"

namespace seki::supervisor {
namespace {

using command::Request;

template <typename Kind, typename Named>
Request whole(const config::State& state, const Named& named) {
    const auto* found = state.table<Kind>().find(Kind::key(named));
    SEKI_CHECK(found != nullptr);
    Request request;
    *Kind::add(request) = *found;
    return request;
}

// What workers are told of a change that the state has taken. They know nothing of updates: they get the listener or
// frontend as it is now and put it in the place of the one they have. Likewise a backend, which may have had a state
// before.
Request order_of(const config::State& state, const Request& change) {
    switch (change.request_type_case()) {
        case Request::kUpdateHttpListener:
            return whole<config::HttpListeners>(state, change.update_http_listener());
        case Request::kUpdateHttpsListener:
            return whole<config::HttpsListeners>(state, change.update_https_listener());
        case Request::kUpdateTcpListener:
            return whole<config::TcpListeners>(state, change.update_tcp_listener());
        case Request::kUpdateHttpFrontend:
            return whole<config::HttpFrontends>(state, change.update_http_frontend());
        case Request::kUpdateHttpsFrontend:
            return whole<config::HttpsFrontends>(state, change.update_https_frontend());
        case Request::kAddBackend:
            return whole<config::Backends>(state, change.add_backend());
        default:
            return change;
    }
}

template <typename Kind>
Result<> must_listen(const config::State& state, const char* kind, const command::SocketAddress& wire) {
    const SocketAddress address = config::checked_address(wire);
    if (state.table<Kind>().find(address) != nullptr) return {};
    return failure("there is no {} listener on {}", kind, address.text());
}

template <typename Kind>
bool is_active(const config::State& state, const SocketAddress& address) {
    const auto* listener = state.table<Kind>().find(address);
    return listener != nullptr && listener->active();
}

bool is_active(const config::State& state, const ListenerKey& key) {
    switch (key.type) {
        case command::HTTP:
            return is_active<config::HttpListeners>(state, key.address);
        case command::HTTPS:
            return is_active<config::HttpsListeners>(state, key.address);
        case command::TCP:
            return is_active<config::TcpListeners>(state, key.address);
        case command::UDP:
            return is_active<config::UdpListeners>(state, key.address);
    }
    std::unreachable();
}

}  // namespace

std::optional<ListenerKey> activates(const Request& change) {
    if (!change.has_activate_listener()) return {};
    return config::checked_listener_key(change.activate_listener());
}

Result<> can_be_served(const config::State& state, const Request& change) {
    switch (change.request_type_case()) {
        case Request::kAddHttpFrontend:
            return must_listen<config::HttpListeners>(state, "HTTP", change.add_http_frontend().address());
        case Request::kUpdateHttpFrontend:
            return must_listen<config::HttpListeners>(state, "HTTP", change.update_http_frontend().address());
        case Request::kAddHttpsFrontend:
            return must_listen<config::HttpsListeners>(state, "HTTPS", change.add_https_frontend().address());
        case Request::kUpdateHttpsFrontend:
            return must_listen<config::HttpsListeners>(state, "HTTPS", change.update_https_frontend().address());
        case Request::kAddTcpFrontend:
            return must_listen<config::TcpListeners>(state, "TCP", change.add_tcp_frontend().address());
        default:
            return {};
    }
}

Result<> Applied::apply(const CheckedChange& change, size_t number) {
    auto undo = state_->apply(change);
    if (!undo) return std::unexpected(undo.error());
    // Two are in no table.
    const bool in_state = !change->has_logging() && !change->has_configure_metrics();
    const bool changes_nothing = undo->empty() && in_state;
    // Of what goes along with a cluster workers are told one by one.
    std::vector<Request> along = undo->removals();
    if (!undo->empty()) undos_.push_back(std::move(*undo));
    if (changes_nothing) return {};
    for (Request& removal : along) add_order(std::move(removal), number);
    order(*change, number);
    note_listening(*change, number);
    return {};
}

// Workers know nothing of exchanges of certificates either: they get the new one, and lose the old one, in one step.
void Applied::order(const Request& change, size_t number) {
    if (change.has_add_certificate())
        return add_certificate(config::Certificates::key(change.add_certificate()), number);
    if (!change.has_replace_certificate()) return add_order(order_of(*state_, change), number);
    const command::ReplaceCertificate& replaced = change.replace_certificate();
    const config::CertificateKey key = config::Certificates::key(config::addition_of(replaced));
    add_certificate(key, number);
    if (key.fingerprint == config::parse_fingerprint(replaced.old_fingerprint())) return;
    Request removed;
    *removed.mutable_remove_certificate()->mutable_address() = replaced.address();
    removed.mutable_remove_certificate()->set_fingerprint(replaced.old_fingerprint());
    add_order(std::move(removed), number);
}

void Applied::add_order(Request order, size_t number) {
    Part& part = part_to_fill();
    last_part_bytes_ += order.ByteSizeLong();
    Request& told = *part.order.add_changes();
    told = std::move(order);
    config::use_strict_verb(told);
    part.changes.push_back(number);
}

// Its bytes are in the memory that workers share.
void Applied::add_certificate(const config::CertificateKey& key, size_t number) {
    const auto* certificate = state_->table<config::Certificates>().find(key);
    SEKI_CHECK(certificate != nullptr);
    Part& part = part_to_fill();
    Request& order = *part.order.add_changes();
    config::place_certificate(key, *certificate, order, part.order);
    part.segments.add(*certificate);
    last_part_bytes_ += order.ByteSizeLong();
    part.changes.push_back(number);
}

Applied::Part& Applied::part_to_fill() {
    const bool first = parts_.empty();
    if (!first && parts_.back().order.changes_size() < part_changes && last_part_bytes_ < part_bytes)
        return parts_.back();
    last_part_bytes_ = 0;
    Part& part = parts_.emplace_back();
    if (!first) part.order.set_continued(true);
    return part;
}

void Applied::note_listening(const Request& change, size_t number) {
    if (change.has_activate_listener()) touched_[config::checked_listener_key(change.activate_listener())] = number;
    if (change.has_deactivate_listener()) touched_[config::checked_listener_key(change.deactivate_listener())] = number;
    if (change.has_remove_listener()) touched_[config::checked_listener_key(change.remove_listener())] = number;
}

Result<> Applied::open(bool really, size_t& failed) {
    for (const auto& [key, number] : touched_) {
        if (sockets_->is_open(key) && !is_active(*state_, key)) closes_.push_back(key);
    }
    for (const auto& [key, number] : touched_) {
        if (!is_active(*state_, key)) continue;
        failed = number;
        if (auto opened = sockets_->is_open(key) ? may_stay(key, key) : open_one(key, really); !opened) return opened;
    }
    return {};
}

// Whether the listener `key`, as it is now, can go on with the sockets of `open`. To leave an interface takes sockets
// of their own, which the old ones would be in the way of.
Result<> Applied::may_stay(const ListenerKey& key, const ListenerKey& open) const {
    if (config::interface_of(*state_, key) == sockets_->interface_of(open)) return {};
    return failure("{}: a listener that is active cannot change its interface: remove it first, by a change of its own",
                   key.text());
}

Result<> Applied::open_one(const ListenerKey& key, bool really) {
    const auto makes_room = std::ranges::find_if(closes_, [&key](const ListenerKey& other) {
        return other.address == key.address && config::share_ports(other.type, key.type);
    });
    const bool takes_over = makes_room != closes_.end();
    if (takes_over) {
        if (auto stays = may_stay(key, *makes_room); !stays) return stays;
    }
    const std::string interface = config::interface_of(*state_, key);
    if (!really) {
        if (takes_over) return {};
        if (const auto free = ListeningSockets::probe(key.address, interface); !free)
            return failure("{}: {}", key.text(), free.error().message);
        return {};
    }
    auto opened = takes_over ? sockets_->take_over(key, *makes_room) : sockets_->open(key, interface);
    if (opened) opens_.push_back(key);
    return opened;
}

void Applied::take_back() {
    while (!undos_.empty()) {
        state_->undo(std::move(undos_.back()));
        undos_.pop_back();
    }
    closes_.clear();
}

}  // namespace seki::supervisor
