#include "supervisor/start_report.h"

#include <fmt/format.h>

#include "base/counted.h"

namespace seki::supervisor {
namespace {

constexpr size_t most_listeners = 16;

class Listeners {
public:
    template <typename Kind>
    void add(const config::State& state, std::string_view protocol) {
        for (const auto& [key, listener] : state.table<Kind>().entries()) {
            if (!listener.active()) continue;
            if (++count_ <= most_listeners)
                text_ += fmt::format("{}{} {}", text_.empty() ? "" : ", ", protocol, Kind::key_text(key));
        }
    }

    [[nodiscard]] std::string text() const {
        if (count_ == 0) return "it listens nowhere";
        const std::string more = count_ > most_listeners ? fmt::format(" and {} more", count_ - most_listeners) : "";
        return "listening: " + text_ + more;
    }

private:
    size_t count_ = 0;
    std::string text_;
};

template <typename... Kinds>
size_t size_of(const config::State& state) {
    return (state.table<Kinds>().entries().size() + ...);
}

}  // namespace

std::vector<std::string> start_report(const config::State& state, const command::ServerConfig& server,
                                      uint32_t worker_count) {
    using namespace config;
    Listeners listeners;
    listeners.add<HttpListeners>(state, "http");
    listeners.add<HttpsListeners>(state, "https");
    listeners.add<TcpListeners>(state, "tcp");
    listeners.add<UdpListeners>(state, "udp");
    const size_t frontends = size_of<HttpFrontends, HttpsFrontends, TcpFrontends, UdpFrontends>(state);
    return {
        listeners.text(),
        fmt::format("{}, {}, {}, {}", counted(size_of<Clusters>(state), "cluster"), counted(frontends, "frontend"),
                    counted(size_of<Backends>(state), "backend"), counted(size_of<Certificates>(state), "certificate")),
        fmt::format("{}, each with {} at most and buffers of {} bytes", counted(worker_count, "worker"),
                    counted(server.max_connections(), "client"), server.buffer_size()),
    };
}

}  // namespace seki::supervisor
