using System.Collections;
using System.Diagnostics.CodeAnalysis;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp.Modules
{
    /// <summary>Modules one after the other.</summary>
    public class Sequential : Module<Tensor, Tensor>, IEnumerable<IModule<Tensor, Tensor>>
    {
        private readonly List<Module<Tensor, Tensor>> _steps = [];

        protected internal Sequential(params (string name, Module<Tensor, Tensor> submodule)[] modules) : base(nameof(Sequential))
        {
            foreach (var (name, module) in modules) append(name, module);
        }

        protected internal Sequential(params Module<Tensor, Tensor>[] modules) : base(nameof(Sequential))
        {
            foreach (var module in modules) append(module);
        }

        public int Count => _steps.Count;

        public IModule<Tensor, Tensor> this[int index] => _steps[index];

        public Sequential append(string name, IModule<Tensor, Tensor> module)
        {
            var step = (Module<Tensor, Tensor>)module;
            register_module(name, step);
            _steps.Add(step);
            return this;
        }

        public Sequential append(IModule<Tensor, Tensor> module) => append($"{_steps.Count}", module);

        public override Tensor forward(Tensor input)
        {
            if (_steps.Count == 0) return input.alias();
            // What lies between two steps is of no use to the caller; autograd keeps what it needs.
            using var scope = NewDisposeScope();
            var result = input;
            foreach (var step in _steps) result = step.call(result);
            return result.MoveToOuterDisposeScope();
        }

        protected override void RegisterComponents()
        {
        }

        public IEnumerator<IModule<Tensor, Tensor>> GetEnumerator() => _steps.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    /// <summary>A list whose modules are registered under their positions.</summary>
    public class ModuleList<T> : Module, IList<T> where T : Module
    {
        private readonly List<T> _list = [];

        public ModuleList(params T[] modules) : base("ModuleList") => _list.AddRange(modules);

        public int Count => _list.Count;

        public bool IsReadOnly => false;

        public T this[int index]
        {
            get => _list[index];
            set
            {
                _list[index] = value;
                ClearModules();
            }
        }

        // The list may still change after it became a part of another module.
        public override IEnumerable<(string name, Module module)> named_children() => _list.Select((module, i) => ($"{i}", (Module)module));

        public override IEnumerable<Module> children() => _list;

        protected override void RegisterComponents()
        {
        }

        public void append(params T[] parameters) => _list.AddRange(parameters);

        public void extend(IEnumerable<T> modules) => _list.AddRange(modules);

        public void Add(T item) => _list.Add(item);

        public void Insert(int index, T item) => _list.Insert(index, item);

        public bool Remove(T item) => _list.Remove(item);

        public void RemoveAt(int index) => _list.RemoveAt(index);

        public void Clear() => _list.Clear();

        public bool Contains(T item) => _list.Contains(item);

        public int IndexOf(T item) => _list.IndexOf(item);

        public void CopyTo(T[] array, int arrayIndex) => _list.CopyTo(array, arrayIndex);

        public IEnumerator<T> GetEnumerator() => _list.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    /// <summary>A dictionary whose modules are registered under their keys, in the order of addition.</summary>
    public class ModuleDict<T> : Module, IEnumerable<(string, T)> where T : Module
    {
        private readonly OrderedDictionary<string, T> _items = [];

        public ModuleDict() : base("ModuleDict")
        {
        }

        public int Count => _items.Count;

        public T this[string key]
        {
            get => _items[key];
            set => _items[key] = value;
        }

        public override IEnumerable<(string name, Module module)> named_children() => _items.Select(item => (item.Key, (Module)item.Value));

        public override IEnumerable<Module> children() => _items.Values;

        protected override void RegisterComponents()
        {
        }

        public void Add(string key, T value) => _items.Add(key, value);

        public void Add((string, T) item) => _items.Add(item.Item1, item.Item2);

        public bool Remove(string key) => _items.Remove(key);

        public void clear() => _items.Clear();

        public bool ContainsKey(string key) => _items.ContainsKey(key);

        public bool TryGetValue(string key, [MaybeNullWhen(false)] out T value) => _items.TryGetValue(key, out value);

        public IEnumerable<string> keys() => _items.Keys;

        public IEnumerable<T> values() => _items.Values;

        public IEnumerator<(string, T)> items() => GetEnumerator();

        public IEnumerator<(string, T)> GetEnumerator() => _items.Select(item => (item.Key, item.Value)).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Sequential Sequential() => new(Array.Empty<Module<Tensor, Tensor>>());

            public static Sequential Sequential(params (string name, Module<Tensor, Tensor> submodule)[] modules) => new(modules);

            public static Sequential Sequential(params Module<Tensor, Tensor>[] modules) => new(modules);

            public static Sequential Sequential(IEnumerable<(string name, Module<Tensor, Tensor> submodule)> modules) => new(modules.ToArray());

            public static Sequential Sequential(IEnumerable<Module<Tensor, Tensor>> modules) => new(modules.ToArray());

            public static ModuleList<Module> ModuleList(params Module[] modules) => new(modules);

            public static ModuleList<T> ModuleList<T>(params T[] modules) where T : Module => new(modules);

            public static ModuleDict<Module> ModuleDict(params (string, Module)[] modules) => ModuleDict<Module>(modules);

            public static ModuleDict<T> ModuleDict<T>(params (string, T)[] modules) where T : Module
            {
                var dictionary = new ModuleDict<T>();
                foreach (var item in modules) dictionary.Add(item);
                return dictionary;
            }
        }
    }
}
