#pragma once

// What a worker answers to a question, as every answer begins. Content is added by who answers.

#include <string>
#include <utility>

#include "command.pb.h"

namespace seki::worker {

inline command::Response answer(command::ResponseStatus status, std::string message) {
    command::Response response;
    response.set_status(status);
    response.set_message(std::move(message));
    return response;
}

}  // namespace seki::worker
