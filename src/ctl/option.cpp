#include "ctl/option.h"

#include <CLI/CLI.hpp>

namespace seki::ctl {

const Option& Option::required() const {
    option_->required();
    return *this;
}

const Option& Option::default_text(const std::string& text) const {
    option_->default_str(text);
    return *this;
}

const Option& Option::type(const std::string& name) const {
    option_->type_name(name);
    return *this;
}

const Option& Option::within(int least, int most) const {
    option_->check(CLI::Range(least, most));
    return *this;
}

const Option& Option::within(uint32_t least, uint32_t most) const {
    option_->check(CLI::Range(least, most));
    return *this;
}

const Option& Option::many() const {
    option_->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args();
    return *this;
}

const Option& Option::repeatable() const {
    option_->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    return *this;
}

const Option& Option::needs(const Option& other) const {
    option_->needs(other.option_);
    return *this;
}

const Option& Option::excludes(const Option& other) const {
    option_->excludes(other.option_);
    return *this;
}

std::string Option::name() const { return option_->get_name(); }
size_t Option::count() const { return option_->count(); }
const std::vector<std::string>& Option::values() const { return option_->results(); }

}  // namespace seki::ctl
