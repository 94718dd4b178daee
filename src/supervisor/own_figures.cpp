#include "supervisor/own_figures.h"

#include "config/query.h"

namespace seki::supervisor {

void OwnFigures::clear() {
    if (before_clear) before_clear();
    counters_.clear();
}

OwnFigures::Map OwnFigures::all() const {
    Map figures;
    config::count_things(state_, figures);
    if (more) more(figures);
    for (const auto& [name, value] : counters_) figures[name].set_count(static_cast<int64_t>(value));
    return figures;
}

}  // namespace seki::supervisor
