#include "supervisor/state_loading.h"

#include <tuple>
#include <utility>

#include "config/convert.h"
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

template <typename Kind>
Request::RequestTypeCase verb_of_addition() {
    static const auto verb = [] {
        Request request;
        Kind::add(request);
        return request.request_type_case();
    }();
    return verb;
}

template <typename Kind>
void look_for(const config::State& state, const Request& change, There& there) {
    if constexpr (!Kind::replaceable) {
        if (change.request_type_case() != verb_of_addition<Kind>()) return;
        Request wanted = change;
        there = is_there<Kind>(state, std::move(*Kind::add(wanted)));
    }
}

// Of what cannot be added twice.
template <typename... Kinds>
There is_there(const config::State& state, const Request& change,
               const std::tuple<config::Table<Kinds>...>* /*kinds*/) {
    There there = There::no;
    (look_for<Kinds>(state, change, there), ...);
    return there;
}

std::string name_of(const Request& change) { return config::verb_name(change) + " " + config::subject(change); }

}  // namespace

Result<StateLoading> load_state(const std::string& path, const config::State& state,
                                const std::function<Result<>(CheckedChange change, const std::string& place)>& apply) {
    StateLoading loading;
    auto read = config::for_each_record(path, [&](config::StateFileReader::Record& record) -> Result<> {
        ++loading.records;
        Request& request = record.request;
        if (!config::is_change(request))
            return failure("{} is no change of the configuration", config::verb_name(request));
        const std::string name = name_of(request);
        auto checked = config::check(std::move(request));
        if (!checked) return failure("{}: {}", name, checked.error().message);
        const There there = is_there(state, **checked, static_cast<const config::EveryKind<config::Table>*>(nullptr));
        if (there == There::otherwise) loading.kept.push_back(name);
        if (there != There::no) return {};
        if (auto applied = apply(std::move(*checked), record.place()); !applied)
            return failure("{}: {}", name, applied.error().message);
        return {};
    });
    if (!read) return std::unexpected(read.error());
    return loading;
}

}  // namespace seki::supervisor
