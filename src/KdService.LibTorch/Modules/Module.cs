using System.Reflection;
using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>A network or a part of one: named parameters, buffers and modules within.</summary>
        public abstract class Module : IDisposable
        {
            // In the order of registration: it is the order of parameters() and so of optimiser states.
            private readonly OrderedDictionary<string, Parameter> _parameters = [];
            private readonly OrderedDictionary<string, (Tensor Tensor, bool Persistent)> _buffers = [];
            private readonly OrderedDictionary<string, Module> _children = [];
            private readonly string _name;
            private bool _registered;

            protected Module(string name) => _name = name;

            public virtual bool training { get; private set; } = true;

            public virtual string GetName() => _name;

            /// <summary>
            /// Registers the fields of this object that hold modules, parameters and tensors (as buffers) under their names. Call it
            /// at the end of a constructor; what is already registered stays as it is.
            /// </summary>
            protected virtual void RegisterComponents()
            {
                if (_registered) return;
                _registered = true;
                foreach (var field in FieldsOf(GetType()))
                {
                    var name = field.GetCustomAttribute<ComponentNameAttribute>()?.Name ?? field.Name;
                    if (_children.ContainsKey(name) || _parameters.ContainsKey(name) || _buffers.ContainsKey(name)) continue;
                    switch (field.GetValue(this))
                    {
                        case Module module: register_module(name, module); break;
                        case Parameter parameter: register_parameter(name, parameter); break;
                        case Tensor tensor: register_buffer(name, tensor); break;
                    }
                }
            }

            private static IEnumerable<FieldInfo> FieldsOf(Type type)
            {
                var seen = new HashSet<string>();
                for (var current = type; current is not null && current != typeof(Module); current = current.BaseType)
                    foreach (var field in current.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly))
                        if (seen.Add(field.Name)) yield return field;
            }

            /// <exception cref="InvalidOperationException">The name is taken.</exception>
            public virtual void register_parameter(string name, Parameter param)
            {
                ArgumentNullException.ThrowIfNull(param);
                if (!_parameters.TryAdd(name, param)) throw new InvalidOperationException($"Parameter {name} is already registered.");
                param.DetachFromDisposeScope();
            }

            /// <exception cref="InvalidOperationException">The name is taken.</exception>
            public virtual void register_buffer(string name, Tensor tensor, bool persistent = true)
            {
                ArgumentNullException.ThrowIfNull(tensor);
                if (!_buffers.TryAdd(name, (tensor, persistent))) throw new InvalidOperationException($"Tensor {name} is already registered.");
                tensor.DetachFromDisposeScope();
            }

            /// <exception cref="ArgumentException">The name is empty or has a dot.</exception>
            /// <exception cref="InvalidOperationException">The name is taken.</exception>
            public virtual void register_module(string name, Module submodule)
            {
                ArgumentNullException.ThrowIfNull(submodule);
                if (string.IsNullOrEmpty(name) || name.Contains('.', StringComparison.Ordinal))
                    throw new ArgumentException($"module name: '{name}' given; a name has no dot and is not empty");
                submodule.RegisterComponents();
                if (!_children.TryAdd(name, submodule)) throw new InvalidOperationException($"Sub-module {name} is already registered.");
            }

            public void add_module(string name, Module module) => register_module(name, module);

            /// <summary>Forgets the modules within: for lists and dictionaries of modules, which register anew.</summary>
            protected void ClearModules()
            {
                _children.Clear();
                _registered = false;
            }

            public virtual IEnumerable<(string name, Module module)> named_children() => _children.Select(child => (child.Key, child.Value));

            public virtual IEnumerable<Module> children() => _children.Values;

            /// <summary>Every module within, without this one.</summary>
            public virtual IEnumerable<(string name, Module module)> named_modules()
            {
                foreach (var child in named_children()) yield return child;
                foreach (var (name, child) in named_children())
                    foreach (var (inner, module) in child.named_modules()) yield return ($"{name}.{inner}", module);
            }

            public virtual IEnumerable<Module> modules() => named_modules().Select(named => named.module);

            /// <summary>Parameters in the order of registration, each once, with dotted names.</summary>
            public virtual IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true) =>
                All(module => module._parameters.Select(own => (own.Key, own.Value)), recurse);

            public virtual IEnumerable<Parameter> parameters(bool recurse = true) => named_parameters(recurse).Select(named => named.parameter);

            public virtual IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_nonpersistent = true) =>
                All(module => module._buffers.Where(own => include_nonpersistent || own.Value.Persistent).Select(own => (own.Key, own.Value.Tensor)), recurse);

            public virtual IEnumerable<Tensor> buffers(bool recurse = true, bool include_nonpersistent = true) =>
                named_buffers(recurse, include_nonpersistent).Select(named => named.buffer);

            private IEnumerable<(string, T)> All<T>(Func<Module, IEnumerable<(string, T)>> own, bool recurse) where T : Tensor
            {
                var seen = new HashSet<T>(ReferenceEqualityComparer.Instance);
                foreach (var (path, module) in recurse ? WithPaths("") : [("", this)])
                    foreach (var (name, tensor) in own(module))
                        if (seen.Add(tensor)) yield return (path + name, tensor);
            }

            private IEnumerable<(string Path, Module Module)> WithPaths(string path)
            {
                yield return (path, this);
                foreach (var (name, child) in named_children())
                    foreach (var inner in child.WithPaths($"{path}{name}.")) yield return inner;
            }

            public virtual bool has_parameter(string target) => named_parameters().Any(named => named.name == target);

            public virtual bool has_buffer(string target) => named_buffers().Any(named => named.name == target);

            public virtual Parameter? get_parameter(string target) => named_parameters().FirstOrDefault(named => named.name == target).parameter;

            public virtual Tensor? get_buffer(string target) => named_buffers().FirstOrDefault(named => named.name == target).buffer;

            /// <summary>Parameters and persistent buffers by dotted name. The tensors are the module's own.</summary>
            public virtual Dictionary<string, Tensor> state_dict(Dictionary<string, Tensor>? destination = null, string? prefix = null)
            {
                destination ??= [];
                foreach (var (path, module) in WithPaths(string.IsNullOrEmpty(prefix) ? "" : prefix + "."))
                {
                    foreach (var (name, parameter) in module._parameters) destination.TryAdd(path + name, parameter);
                    foreach (var (name, buffer) in module._buffers)
                        if (buffer.Persistent) destination.TryAdd(path + name, buffer.Tensor);
                }
                return destination;
            }

            /// <summary>Copies values of the same name into this module's parameters and buffers.</summary>
            /// <exception cref="InvalidOperationException"><paramref name="strict"/>, and names are missing or left over.</exception>
            public virtual (IList<string> missing_keys, IList<string> unexpected_keyes) load_state_dict(Dictionary<string, Tensor> source,
                bool strict = true, IList<string>? skip = null)
            {
                var own = state_dict();
                var missing = own.Keys.Where(key => !source.ContainsKey(key) && skip?.Contains(key) != true).ToList();
                var unexpected = source.Keys.Where(key => !own.ContainsKey(key) && skip?.Contains(key) != true).ToList();
                if (strict && missing.Count + unexpected.Count > 0)
                    throw new InvalidOperationException(
                        "The loaded state_dict is not identical to the target dictionary." +
                        (missing.Count > 0 ? $" Missing: {string.Join(", ", missing)}." : "") +
                        (unexpected.Count > 0 ? $" Unexpected: {string.Join(", ", unexpected)}." : ""));
                using var unrecorded = no_grad();
                foreach (var (key, target) in own)
                {
                    if (skip?.Contains(key) == true || !source.TryGetValue(key, out var value)) continue;
                    if (!target.shape.AsSpan().SequenceEqual(value.shape))
                        throw new ArgumentException($"{key}: shape [{string.Join(", ", value.shape)}] given; the module's is [{string.Join(", ", target.shape)}]");
                    target.copy_(value);
                }
                return (missing, unexpected);
            }

            public virtual void train(bool train = true)
            {
                training = train;
                foreach (var child in children()) child.train(train);
            }

            public virtual void eval() => train(false);

            public virtual void zero_grad(bool set_to_none = true)
            {
                foreach (var parameter in parameters())
                {
                    if (set_to_none)
                    {
                        parameter.grad = null;
                        continue;
                    }
                    using var gradient = parameter.grad;
                    using var unrecorded = no_grad();
                    gradient?.zero_();
                }
            }

            /// <summary>Calls <paramref name="fn"/> for every module within and then for this one.</summary>
            public virtual Module apply(Action<Module> fn)
            {
                foreach (var child in children()) child.apply(fn);
                fn(this);
                return this;
            }

            /// <summary>Converts parameters, gradients and buffers; only floating ones change type. The tensor objects stay.</summary>
            internal void Convert(Device? device, ScalarType? dtype, bool nonBlocking)
            {
                if (dtype is { } wanted && !is_floating_point(wanted))
                    throw new ArgumentException($"nn.Module.to only accepts floating point or complex types, but got desired dtype={wanted}");
                if (device is not null) InitializeDeviceType(device.type);
                using var unrecorded = no_grad();
                foreach (var tensor in parameters().Concat(buffers()))
                {
                    Move(tensor);
                    using var gradient = tensor.grad;
                    if (gradient is not null) Move(gradient);
                }

                void Move(Tensor tensor)
                {
                    var type = tensor.is_floating_point() ? dtype ?? tensor.dtype : tensor.dtype;
                    using var moved = tensor.to(type, device ?? tensor.device, non_blocking: nonBlocking);
                    tensor.SetData(moved);
                }
            }

            /// <summary>Disposes the parameters, the buffers and the modules within.</summary>
            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            protected virtual void Dispose(bool disposing)
            {
                if (!disposing) return;
                foreach (var tensor in parameters(false).Concat(buffers(false))) tensor.Dispose();
                foreach (var child in children()) child.Dispose();
            }
        }

        /// <summary>Something that maps one input to a result, as a module does.</summary>
        public interface IModule<in T, out TResult>
        {
            TResult call(T input1);
        }

        /// <summary>Something that maps two inputs to a result, as a module does.</summary>
        public interface IModule<in T1, in T2, out TResult>
        {
            TResult call(T1 input1, T2 input2);
        }

        /// <summary>Undoes a registered hook.</summary>
        public sealed class HookRemover
        {
            private readonly Action _remove;

            internal HookRemover(Action remove) => _remove = remove;

            public void remove() => _remove();
        }

        public abstract class Module<T, TResult>(string name) : Module(name), IModule<T, TResult>
        {
            private readonly List<Func<Module<T, TResult>, T, TResult, TResult>> _postHooks = [];
            private readonly List<Func<Module<T, TResult>, T, T>> _preHooks = [];

            /// <summary>Whether somebody watches what comes in or out.</summary>
            internal bool HasHooks => _preHooks.Count + _postHooks.Count > 0;

            /// <summary>The computation, without hooks.</summary>
            public abstract TResult forward(T input);

            /// <summary>The computation, with hooks.</summary>
            public TResult call(T input)
            {
                foreach (var hook in _preHooks) input = hook(this, input) ?? input;
                var result = forward(input);
                foreach (var hook in _postHooks) result = hook(this, input, result) ?? result;
                return result;
            }

            public HookRemover register_forward_pre_hook(Func<Module<T, TResult>, T, T> hook)
            {
                _preHooks.Add(hook);
                return new HookRemover(() => _preHooks.Remove(hook));
            }

            public HookRemover register_forward_hook(Func<Module<T, TResult>, T, TResult, TResult> hook)
            {
                _postHooks.Add(hook);
                return new HookRemover(() => _postHooks.Remove(hook));
            }
        }

        public abstract class Module<T1, T2, TResult>(string name) : Module(name), IModule<T1, T2, TResult>
        {
            public abstract TResult forward(T1 input1, T2 input2);

            public TResult call(T1 input1, T2 input2) => forward(input1, input2);
        }

        public abstract class Module<T1, T2, T3, TResult>(string name) : Module(name)
        {
            public abstract TResult forward(T1 input1, T2 input2, T3 input3);

            public TResult call(T1 input1, T2 input2, T3 input3) => forward(input1, input2, input3);
        }

        public abstract class Module<T1, T2, T3, T4, TResult>(string name) : Module(name)
        {
            public abstract TResult forward(T1 input1, T2 input2, T3 input3, T4 input4);

            public TResult call(T1 input1, T2 input2, T3 input3, T4 input4) => forward(input1, input2, input3, input4);
        }
    }
}

/// <summary>The name under which a field is registered, where it is not the field's own.</summary>
[AttributeUsage(AttributeTargets.Field)]
public sealed class ComponentNameAttribute : Attribute
{
    public string? Name { get; set; }
}

public static class ModuleExtensionMethods
{
    public static T to<T>(this T module, torch.ScalarType type, bool non_blocking = false) where T : torch.nn.Module =>
        Converted(module, null, type, non_blocking);

    public static T to<T>(this T module, torch.Device device, bool non_blocking = false) where T : torch.nn.Module =>
        Converted(module, device, null, non_blocking);

    public static T to<T>(this T module, torch.Device device, torch.ScalarType type, bool non_blocking = false) where T : torch.nn.Module =>
        Converted(module, device, type, non_blocking);

    public static T to<T>(this T module, DeviceType deviceType, int deviceIndex = -1, bool non_blocking = false) where T : torch.nn.Module =>
        Converted(module, new torch.Device(deviceType, deviceIndex), null, non_blocking);

    public static T to<T>(this T module, string device, bool non_blocking = false) where T : torch.nn.Module =>
        Converted(module, new torch.Device(device), null, non_blocking);

    public static T to<T>(this T module, torch.Tensor other, bool non_blocking = false) where T : torch.nn.Module =>
        Converted(module, other.device, other.dtype, non_blocking);

    public static T cpu<T>(this T module, bool non_blocking = false) where T : torch.nn.Module => module.to(torch.CPU, non_blocking);

    public static T cuda<T>(this T module, int deviceIndex = -1, bool non_blocking = false) where T : torch.nn.Module =>
        module.to(DeviceType.CUDA, deviceIndex, non_blocking);

    public static T half<T>(this T module, bool non_blocking = false) where T : torch.nn.Module => module.to(torch.ScalarType.Float16, non_blocking);

    public static T bfloat16<T>(this T module, bool non_blocking = false) where T : torch.nn.Module => module.to(torch.ScalarType.BFloat16, non_blocking);

    public static T @float<T>(this T module, bool non_blocking = false) where T : torch.nn.Module => module.to(torch.ScalarType.Float32, non_blocking);

    public static T @double<T>(this T module, bool non_blocking = false) where T : torch.nn.Module => module.to(torch.ScalarType.Float64, non_blocking);

    private static T Converted<T>(T module, torch.Device? device, torch.ScalarType? type, bool nonBlocking) where T : torch.nn.Module
    {
        module.Convert(device, type, nonBlocking);
        return module;
    }
}
