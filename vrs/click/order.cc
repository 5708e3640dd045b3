// Where batches would show: what Router::find_order() sets in elements and ports.
#include <algorithm>

#include "router.hh"

namespace click {

namespace {

/// Elements behind an output, through queues too: `seen` by index.
void look_behind(const Element *from, std::vector<bool> &seen,
                 const std::vector<std::vector<Element *>> &next) {
    std::vector<const Element *> stack{from};
    while (!stack.empty()) {
        const Element *it = stack.back();
        stack.pop_back();
        if (seen[static_cast<size_t>(it->index())]) continue;
        seen[static_cast<size_t>(it->index())] = true;
        for (const Element *behind : next[static_cast<size_t>(it->index())])
            stack.push_back(behind);
    }
}

/// Whether somebody on the way up to where packets are stored sees the moment of a pull, or pushes
/// packets elsewhere.
bool has_witness(const Element *element, int input, std::vector<bool> &seen) {
    if (!element->input_is_pull(input)) return false;
    const Element *before = element->input(input).element;
    if (!before || seen[static_cast<size_t>(before->index())]) return false;
    seen[static_cast<size_t>(before->index())] = true;
    bool is_found = before->is_observer();
    for (int o = 0; o < before->noutputs(); o += 1) is_found |= before->output_is_push(o);
    for (int i = 0; i < before->ninputs() && !is_found; i += 1)
        is_found = has_witness(before, i, seen);
    return is_found;
}

} // namespace

void Router::find_order() {
    const size_t count = elements_.size();
    std::vector<std::vector<Element *>> next(count);
    for (const FlatConnection &it : flat_.connections)
        next[static_cast<size_t>(it.from)].push_back(elements_[static_cast<size_t>(it.to)].get());
    std::vector<bool> ends_here(count); // where order is nobody's concern
    for (const auto &it : elements_) {
        it->sees_order_ = it->is_observer();
        ends_here[static_cast<size_t>(it->index())] = it->noutputs() == 0 && !it->sees_order_;
    }
    for (const auto &it : elements_) {
        for (int i = 0; i < it->ninputs(); i += 1) {
            std::vector<bool> seen(count);
            if (has_witness(it.get(), i, seen)) it->inputs_[static_cast<size_t>(i)].at_once = 1;
        }
        int observed = 0;
        bool meets = false;
        std::vector<bool> seen_before(count);
        for (int o = 0; o < it->noutputs() && it->noutputs() > 1; o += 1) {
            if (!it->output_is_push(o)) continue;
            std::vector<bool> seen(count);
            look_behind(it->output(o).element, seen, next);
            bool is_observed = false;
            for (size_t e = 0; e < count; e += 1) {
                if (!seen[e]) continue;
                is_observed |= elements_[e]->sees_order_;
                meets |= seen_before[e] && !ends_here[e];
                seen_before[e] = true;
            }
            observed += is_observed;
        }
        it->is_in_order_ = observed > 1 || (meets && !it->keeps_flows());
    }
}

} // namespace click
