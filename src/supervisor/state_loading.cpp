#include "supervisor/state_loading.h"

#include <algorithm>
#include <utility>

#include "config/convert.h"
#include "config/file_text.h"
#include "config/state_file/reader.h"
#include "config/subject.h"

namespace seki::supervisor {
namespace {

using command::Request;

enum class There : uint8_t { no, same, otherwise };

template <typename Kind>
There is_there(const config::State& state, typename Kind::Message wanted) {
    const auto* known = state.table<Kind>().find(Kind::key(wanted));
    if (known == nullptr) return There::no;
    if constexpr (config::HasActivation<Kind>) wanted.set_active(known->active());
    return config::same_message(*known, wanted) ? There::same : There::otherwise;
}

// Of what cannot be added twice.
There is_there(const config::State& state, const Request& change) {
    switch (change.request_type_case()) {
        case Request::kAddHttpListener:
            return is_there<config::HttpListeners>(state, change.add_http_listener());
        case Request::kAddHttpsListener:
            return is_there<config::HttpsListeners>(state, change.add_https_listener());
        case Request::kAddTcpListener:
            return is_there<config::TcpListeners>(state, change.add_tcp_listener());
        case Request::kAddUdpListener:
            return is_there<config::UdpListeners>(state, change.add_udp_listener());
        case Request::kAddHttpFrontend:
            return is_there<config::HttpFrontends>(state, change.add_http_frontend());
        case Request::kAddHttpsFrontend:
            return is_there<config::HttpsFrontends>(state, change.add_https_frontend());
        case Request::kAddTcpFrontend:
            return is_there<config::TcpFrontends>(state, change.add_tcp_frontend());
        case Request::kAddUdpFrontend:
            return is_there<config::UdpFrontends>(state, change.add_udp_frontend());
        default:
            return There::no;
    }
}

std::string name_of(const Request& change) { return config::verb_name(change) + " " + config::subject(change); }

}  // namespace

Result<StateLoading> load_state(const std::string& path, const config::State& state,
                                const std::function<Result<>(CheckedChange change, const std::string& place)>& apply) {
    const auto text = config::read_file_text(path, config::max_state_file_size);
    if (!text) return failure("{}: {}", path, text.error().message);
    config::StateFileReader reader(*text, config::state_form(path));
    StateLoading loading;
    for (;;) {
        auto record = reader.next();
        if (!record) return failure("{}: {}", path, record.error().message);
        if (!*record) return loading;
        ++loading.records;
        const std::string place = (*record)->place();
        Request& request = (*record)->request;
        if (!config::is_change(request))
            return failure("{}: {}: {} is no change of the configuration", path, place, config::verb_name(request));
        const std::string name = name_of(request);
        auto checked = config::check(std::move(request));
        if (!checked) return failure("{}: {}: {}: {}", path, place, name, checked.error().message);
        const There there = is_there(state, **checked);
        if (there == There::otherwise) loading.kept.push_back(name);
        if (there != There::no) continue;
        if (auto applied = apply(std::move(*checked), place); !applied)
            return failure("{}: {}: {}: {}", path, place, name, applied.error().message);
    }
}

}  // namespace seki::supervisor
