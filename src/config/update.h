#pragma once

// Changing a listener or a frontend where it is: an update names what becomes different, and the rest stays. Its fields
// are called like those of the thing. An entry of a listener's `answers` replaces the one for the same status, or
// removes it if it is empty; every other field is replaced as a whole. What is named in `reset` of a frontend's becomes
// as if it had never been set.

#include <optional>

#include "base/result.h"
#include "command.pb.h"
#include "config/convert.h"
#include "config/kinds.h"

namespace seki::config {

// Both are checked. An error where the schema has one name for two things (copy_fields.h); likewise below.
Result<> merge(const command::UpdateHttpListenerConfig& update, command::HttpListenerConfig& listener);
Result<> merge(const command::UpdateHttpsListenerConfig& update, command::HttpsListenerConfig& listener);
Result<> merge(const command::UpdateTcpListenerConfig& update, command::TcpListenerConfig& listener);
Result<> merge(const command::UpdateHttpFrontend& update, command::RequestHttpFrontend& frontend);

// The contrary: an update that says all of `wanted`. Together with what a listener `known` has beside it, it need not
// lead there.
Result<> describe(const command::HttpListenerConfig& known, const command::HttpListenerConfig& wanted,
                  command::UpdateHttpListenerConfig& update);
Result<> describe(const command::HttpsListenerConfig& known, const command::HttpsListenerConfig& wanted,
                  command::UpdateHttpsListenerConfig& update);
Result<> describe(const command::TcpListenerConfig& known, const command::TcpListenerConfig& wanted,
                  command::UpdateTcpListenerConfig& update);
Result<> describe(const command::RequestHttpFrontend& known, const command::RequestHttpFrontend& wanted,
                  command::UpdateHttpFrontend& update);

// The update that leads from one to the other, whether they are active aside; nothing when none does, because a field
// that is set would have to become absent.
template <HasUpdate Kind>
std::optional<command::Request> update_between(const typename Kind::Message& from, const typename Kind::Message& to) {
    command::Request request;
    if (!describe(from, to, *Kind::update(request))) return {};
    auto merged = from;
    if (!merge(*Kind::update(request), merged)) return {};
    if constexpr (HasActivation<Kind>) merged.set_active(to.active());
    if (!same_message(merged, to)) return {};
    return request;
}

}  // namespace seki::config
