#include "worker/moving_tunnel.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <utility>

#include "config/convert.h"

namespace seki::worker {

namespace {

using proxy::Direction;

uint64_t micros(Duration time) noexcept {
    return static_cast<uint64_t>(std::max(time, Duration::zero()) / std::chrono::microseconds(1));
}

UniqueFd copy_of(int fd) { return UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0)); }

bool tell_end(const proxy::TunnelMove& tunnel, Direction source, TunnelEnd& told, std::vector<UniqueFd>& fds) {
    net::Session& session = tunnel.end(source);
    auto exported = session.transport().to_export();
    if (!exported) return false;
    fds.push_back(copy_of(exported->fd));
    if (!exported->beside.empty()) told.set_tls(exported->beside);
    OPENSSL_cleanse(exported->beside.data(), exported->beside.size());
    const net::Session::Carried carried = session.carried();
    *told.mutable_peer() = config::to_wire(session.peer());
    told.set_ulid_high(carried.ulid.high);
    told.set_ulid_low(carried.ulid.low);
    told.set_bytes_read(carried.bytes_read);
    told.set_bytes_written(carried.bytes_written);
    if (session.unread() != nullptr) told.set_unread(std::string(session.unread()->data()));
    if (session.has_unsent()) told.set_unsent(std::string(session.unsent()->data()));
    if (carried.read_closed) told.set_read_closed(true);
    if (tunnel.ended(source)) told.set_ended(true);
    if (carried.output_ended) told.set_output_ended(true);
    if (carried.shutting_down) told.set_shutting_down(true);
    return true;
}

void tell_pipe(const proxy::TunnelMove& tunnel, Direction source, TunnelEnd& told, std::vector<UniqueFd>& fds) {
    const net::SpliceTransfer* const splice = tunnel.pipe(source);
    if (splice == nullptr) return;
    told.set_piped(static_cast<uint32_t>(splice->held()));
    fds.push_back(copy_of(splice->pipe().read_end.get()));
    fds.push_back(copy_of(splice->pipe().write_end.get()));
}

void tell_story(const proxy::Record& record, const proxy::Frontend* frontend, Monotonic now, TunnelStory& story) {
    story.set_request_high(record.request_id.high);
    story.set_request_low(record.request_id.low);
    story.set_read_before(record.read_before);
    story.set_written_before(record.written_before);
    story.set_head_bytes(record.head_bytes);
    story.set_first_byte_us(micros(now - record.first_byte));
    story.set_began_us(micros(now - record.began));
    if (record.connecting_at != Monotonic{}) story.set_connecting_us(micros(now - record.connecting_at));
    if (record.connected_at != Monotonic{}) story.set_connected_us(micros(now - record.connected_at));
    if (record.answered_at != Monotonic{}) story.set_answered_us(micros(now - record.answered_at));
    if (record.status != 0) story.set_status(record.status);
    if (record.texts != nullptr) {
        story.set_method(std::string(record.method));
        story.set_authority(std::string(record.authority));
        story.set_path(std::string(record.path));
        story.set_user_agent(std::string(record.user_agent));
    }
    if (frontend == nullptr) return;
    story.set_tags(frontend->tags);
    for (const auto& [name, value] : frontend->tag_list) {
        Tag& tag = *story.add_tag_list();
        tag.set_name(name);
        tag.set_value(value);
    }
}

}  // namespace

command::ListenerType type_of(const proxy::Listener& listener) {
    if (listener.kind == proxy::Listener::Kind::tcp) return command::TCP;
    return listener.tls != nullptr ? command::HTTPS : command::HTTP;
}

std::optional<ToldTunnel> tell(const proxy::TunnelMove& tunnel, uint64_t counted_for, Monotonic now) {
    ToldTunnel told;
    Tunnel& about = told.about;
    const backend::Backend& backend = tunnel.backend();
    about.set_type(type_of(tunnel.listener()));
    *about.mutable_listener() = config::to_wire(tunnel.listener().address);
    const bool can_be_told = tell_end(tunnel, Direction::request, *about.mutable_client(), told.fds) &&
                             tell_end(tunnel, Direction::response, *about.mutable_backend(), told.fds);
    tell_pipe(tunnel, Direction::request, *about.mutable_client(), told.fds);
    tell_pipe(tunnel, Direction::response, *about.mutable_backend(), told.fds);
    if (!can_be_told || !std::ranges::all_of(told.fds, &UniqueFd::valid)) {
        wipe(about);
        return std::nullopt;
    }
    about.set_cluster_id(tunnel.route().cluster->id());
    about.set_backend_id(backend.id);
    *about.mutable_backend_address() = config::to_wire(backend.address);
    if (!backend.unix_path.empty()) about.set_backend_unix_path(backend.unix_path);
    about.set_counted_for(counted_for);
    about.set_timeout_us(micros(tunnel.timeout()));
    about.set_idle_us(micros(tunnel.idle()));
    tell_story(tunnel.record(), tunnel.route().frontend.get(), now, *about.mutable_story());
    return told;
}

proxy::TunnelMove tunnel_at(net::Sessions& sessions, net::SessionId client) {
    return proxy::TunnelMove(*static_cast<proxy::ClientSide*>(sessions.find(client)->protocol())->tunnel());
}

void wipe(Tunnel& told) {
    for (TunnelEnd* const end : {told.mutable_client(), told.mutable_backend()}) {
        if (!end->has_tls()) continue;
        OPENSSL_cleanse(end->mutable_tls()->data(), end->mutable_tls()->size());
        end->clear_tls();
    }
}

}  // namespace seki::worker
