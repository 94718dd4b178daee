#pragma once

// Collects what is wrong with one change. The rules about single values live here; which field follows which rule is
// said by the rules of each kind of thing (rules.h).

#include <fmt/format.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "command.pb.h"
#include "config/check/available.h"
#include "config/check/check.h"

namespace seki::config {

class Examiner {
public:
    using Texts = google::protobuf::Map<std::string, std::string>;

    template <typename... Args>
    void refuse(std::string_view field, fmt::format_string<Args...> format, Args&&... args) {
        refusals_.push_back({std::string(field), fmt::format(format, std::forward<Args>(args)...)});
    }

    // Refuses if the change asks for a feature that this version does not have.
    void wants(std::string_view field, bool asked, Feature feature);

    void id(std::string_view field, std::string_view value, size_t max_size);
    void number(std::string_view field, uint64_t value, uint64_t min, uint64_t max, std::string_view unit = {});
    void timeout(std::string_view field, uint64_t seconds);
    void token(std::string_view field, std::string_view value, size_t max_size);
    void tags(std::string_view field, const Texts& tags);
    void regex(std::string_view field, std::string_view value);
    // Those without text count as absent (http/answer_template.h).
    void answer(std::string_view field, std::string_view text, uint16_t status);
    void answers(std::string_view field, const Texts& answers);

    // These also write the normal form into the message.
    void address(std::string_view field, command::SocketAddress& address);
    void host(std::string_view field, std::string& host);
    void network(std::string_view field, std::string& network);

    // Every string is UTF-8 and every enumeration has a value that the schema knows, at any depth. Maps look after
    // themselves.
    void schema(const google::protobuf::Message& message);

    [[nodiscard]] const std::vector<Refusal>& refusals() const noexcept { return refusals_; }

private:
    void unknown_enum_values(const google::protobuf::Message& message);

    std::vector<Refusal> refusals_;
};

}  // namespace seki::config
