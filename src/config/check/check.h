#pragma once

// The validator, and the only way into the configuration. A change is judged by itself, without regard to what exists
// (that is State's part): identifiers, names, bounds, and whether this version can do at all what is asked. What passes
// is a Checked<Request>, and nothing but check() can make one, so that no code behind it ever meets an unchecked
// change. What passes is also put into its normal form: absent required fields are filled in, host names are lower
// case, addresses are one value each, and adding a listener never activates it. Checking twice changes nothing.

#include <expected>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "command.pb.h"

namespace seki::config {

template <typename Message>
class Checked {
public:
    const Message& operator*() const noexcept { return message_; }
    const Message* operator->() const noexcept { return &message_; }

private:
    explicit Checked(Message message) : message_(std::move(message)) {}
    friend struct Validator;

    Message message_;
};

// What is wrong with a change: which field of the message and why. The field is empty when the change as a whole is
// refused.
struct Refusal {
    std::string field;
    std::string reason;

    // The sentence that clients are answered with.
    [[nodiscard]] std::string text() const;
};

// Whether the request changes the configuration or how it is run, in other words whether it has to pass check().
// Everything else asks or stops.
bool is_change(const command::Request& request);

Result<Checked<command::Request>> check(command::Request request);

// The same with all that is wrong, never empty, for whoever knows where each field was written.
std::expected<Checked<command::Request>, std::vector<Refusal>> check_every_field(command::Request request);

}  // namespace seki::config
