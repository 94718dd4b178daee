#pragma once

// The verb `init`: a first configuration file, from what the command line says and from questions for the rest. Each
// answer is judged by the reader of the file itself, and asked for again with what is wrong with it. Nothing is written
// before all is known.

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "base/result.h"
#include "ctl/action.h"

namespace seki::ctl {

// The file for this site, as it would be written.
std::string first_file(const InitFile& site);
// What is wrong with it; empty: nothing. Certificates are looked for.
std::string why_not_valid(const InitFile& site);

// Asks for what the command line does not say. An error when there is no answer (the input ends).
Result<InitFile> ask_for_site(InitFile said, std::istream& answers, std::ostream& questions);

// All of it; `somebody`: there is one who can be asked. What was written where, and what to type next.
Result<std::string> init(const InitFile& said, bool somebody, std::istream& answers, std::ostream& questions);

}  // namespace seki::ctl
