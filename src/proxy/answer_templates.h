#pragma once

// The answers that an operator wrote for a listener or a cluster, by status. Few, so they are looked through.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "http/answer_template.h"

namespace seki::proxy {

class AnswerTemplates {
public:
    // In place of one for the same status.
    void put(http::AnswerTemplate answer) {
        std::erase_if(templates_, [&](const auto& other) { return other.status() == answer.status(); });
        templates_.push_back(std::move(answer));
    }
    // Null when there is none.
    [[nodiscard]] const http::AnswerTemplate* find(uint16_t status) const noexcept {
        const auto found = std::ranges::find(templates_, status, &http::AnswerTemplate::status);
        return found != templates_.end() ? &*found : nullptr;
    }

private:
    std::vector<http::AnswerTemplate> templates_;
};

}  // namespace seki::proxy
